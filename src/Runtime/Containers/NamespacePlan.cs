using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;
using static CriShim.Linux.LibC.Namespaces;

namespace CriShim.Runtime.Containers;

/// <summary>Which namespaces begin with the container's init, and which it joins (namespaces(7)).</summary>
internal sealed class NamespacePlan : IDisposable
{
    private static readonly (string Type, ulong Flag)[] s_types =
    [
        ("user", CLONE_NEWUSER), ("pid", CLONE_NEWPID), ("network", CLONE_NEWNET), ("ipc", CLONE_NEWIPC), ("uts", CLONE_NEWUTS),
        ("cgroup", CLONE_NEWCGROUP), ("time", CLONE_NEWTIME), ("mount", CLONE_NEWNS),
    ];

    private readonly List<(string Type, ulong Flag, SafeFileHandle Fd)> _joined = [];

    private NamespacePlan()
    {
    }

    /// <summary>CLONE_NEW… of all that begin with the init.</summary>
    public ulong Made { get; private set; }

    /// <summary>Those of <see cref="Made"/> that the clone makes. The cgroup namespace must begin after the cgroups are joined: the init makes it.</summary>
    public ulong MadeByClone => Made & ~(CLONE_NEWCGROUP | CLONE_NEWTIME);

    public SafeFileHandle? User => Find("user");

    public SafeFileHandle? Pid => Find("pid");

    /// <summary>Null where it begins with the init, or is the host's.</summary>
    public SafeFileHandle? Network => Find("network");

    /// <summary>Joined by setns in the init itself: all but user and PID.</summary>
    public IEnumerable<(string Type, ulong Flag, SafeFileHandle Fd)> JoinedInside => _joined.Where(item => item.Type is not ("user" or "pid"));

    /// <summary>Opens the paths. Throws <see cref="RuntimeException"/> when one is not a namespace.</summary>
    public static NamespacePlan FromSpec(Spec spec)
    {
        var plan = new NamespacePlan();
        try
        {
            foreach (var item in spec.Linux?.Namespaces ?? [])
            {
                var flag = FlagOf(item.Type) ?? throw new RuntimeException(
                    RuntimeErrorKind.InvalidArgument, $"failed to read spec: unknown namespace type \"{item.Type}\"");
                if (string.IsNullOrEmpty(item.Path))
                {
                    plan.Made |= flag;
                }
                else
                {
                    plan._joined.Add((item.Type, flag, OpenNamespace(item.Type, item.Path)));
                }
            }

            return plan;
        }
        catch
        {
            plan.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Joins the network namespace that was begun before this program knew that it needs one, where it does: not with a user namespace, which
    /// owns what begins in it.
    /// </summary>
    public void UseEarlyNetwork()
    {
        if (EarlyNetwork.Take() is not { } network)
        {
            return;
        }

        if ((Made & CLONE_NEWNET) != 0 && (Made & CLONE_NEWUSER) == 0 && User is null)
        {
            _joined.Add(("network", CLONE_NEWNET, network));
            Made &= ~CLONE_NEWNET;
        }
        else
        {
            network.Dispose();
        }
    }

    public static ulong? FlagOf(string type)
    {
        foreach (var (name, flag) in s_types)
        {
            if (name == type)
            {
                return flag;
            }
        }

        return null;
    }

    public void Dispose()
    {
        foreach (var (_, _, fd) in _joined)
        {
            fd.Dispose();
        }
    }

    private SafeFileHandle? Find(string type)
    {
        foreach (var item in _joined)
        {
            if (item.Type == type)
            {
                return item.Fd;
            }
        }

        return null;
    }

    private static SafeFileHandle OpenNamespace(string type, string path)
    {
        try
        {
            var fd = Fd.Open(path, O_RDONLY);
            return DetachedMount.FileSystemType(fd) == NSFS_MAGIC ? fd : throw new RuntimeException(
                RuntimeErrorKind.InvalidArgument, $"failed to join {type} namespace \"{path}\": not a namespace");
        }
        catch (LinuxException e)
        {
            throw new RuntimeException(
                new RuntimeError(RuntimeErrorKind.InvalidArgument, $"failed to join {type} namespace: {e.Message}", "namespaces", (int)e.Errno), e);
        }
    }
}
