using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Cgroups.V2;

/// <summary>
/// The part of a cgroup2 folder that is about processes and needs no controller: cgroup.procs, cgroup.kill, cgroup.events,
/// cgroup.freeze (the kernel's Documentation/admin-guide/cgroup-v2.rst, "Core Interface Files"). Serves hybrids too.
/// </summary>
internal sealed class ProcessFolder(string path)
{
    /// <summary>How long a killed process may take to leave: the kernel may still be freeing its memory.</summary>
    private static readonly TimeSpan s_removalLimit = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan s_freezeLimit = TimeSpan.FromSeconds(5);

    public string Path { get; } = path;

    /// <summary>For CLONE_INTO_CGROUP.</summary>
    public SafeFileHandle OpenFolder() => Fd.Open(Path, O_RDONLY | O_DIRECTORY);

    /// <summary>False when empty or gone.</summary>
    public bool IsPopulated() => Event("populated");

    public bool IsFrozen() => Event("frozen");

    /// <summary>For poll(2) and epoll(7): POLLPRI at every change. Null when the folder is gone.</summary>
    public SafeFileHandle? OpenEvents()
    {
        var fd = CgroupFile.TryOpen(Path + "/cgroup.events", O_RDONLY, out var errno);
        return errno switch
        {
            Errno.None => fd,
            Errno.ENOENT => null,
            _ => throw new LinuxException(errno, "open", Path + "/cgroup.events"),
        };
    }

    /// <summary>SIGKILL to all at once, what is forked meanwhile and what is frozen included (since Linux 5.14).</summary>
    public void Kill()
    {
        if (CgroupFile.TryWrite(Path + "/cgroup.kill", "1") is var errno && errno is not (Errno.None or Errno.ENOENT or Errno.ENODEV))
        {
            throw new CgroupException(Path + "/cgroup.kill", "1", errno);
        }
    }

    public bool WaitEmpty(TimeSpan timeout) => WaitFor(() => !IsPopulated(), timeout);

    public void Freeze()
    {
        CgroupFile.Write(Path + "/cgroup.freeze", "1");
        if (!WaitFor(IsFrozen, s_freezeLimit))
        {
            Thaw();
            throw new CgroupException($"failed to freeze cgroup \"{Path}\": processes did not stop in time", Errno.ETIMEDOUT);
        }
    }

    public void Thaw() => CgroupFile.Write(Path + "/cgroup.freeze", "0");

    /// <summary>Removes the folder and what is below it. Errno EBUSY when processes are left after a bounded time.</summary>
    public void Remove()
    {
        var errno = CgroupTree.TryRemove(Path);
        if (errno == Errno.EBUSY)
        {
            WaitEmpty(s_removalLimit);
            errno = CgroupTree.TryRemove(Path);
        }

        if (errno != Errno.None)
        {
            throw new LinuxException(errno, "rmdir", Path);
        }
    }

    private bool WaitFor(Func<bool> done, TimeSpan timeout)
    {
        using var events = OpenEvents();
        return events is null || Waiting.Until(done, timeout, events);
    }

    // Lines "name 0" and "name 1".
    private bool Event(string name)
    {
        foreach (var line in (CgroupFile.ReadIfPresent(Path + "/cgroup.events") ?? "").AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                return line.EndsWith(" 1", StringComparison.Ordinal);
            }
        }

        return false;
    }
}
