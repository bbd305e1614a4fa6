using System.Buffers;
using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Specs;

/// <summary>
/// Kernel settings of a pod. Only those that a namespace of the pod's own holds are let through: any other would change the host
/// (CVE-2022-0811, CVE-2022-0532).
/// </summary>
internal static class SandboxSysctls
{
    private const int MaximumValueLength = 4095; // a page less its NUL: proc writes take no more

    private static readonly SearchValues<char> s_nameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./");

    private static readonly SearchValues<char> s_valueCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:/ \t");

    /// <summary>ipc_namespaces(7).</summary>
    private static readonly HashSet<string> s_ipcNames =
    [
        "kernel.sem", "kernel.sem_next_id", "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.msg_next_id", "kernel.auto_msgmni",
        "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_next_id", "kernel.shm_rmid_forced",
    ];

    /// <summary>The defaults and what is asked, by dotted name; null where there is none.</summary>
    /// <exception cref="CriException">InvalidArgument, naming the sysctl.</exception>
    public static IReadOnlyDictionary<string, string>? Build(PodSandboxConfig config, SpecOptions options)
    {
        var namespaces = config.Linux?.SecurityContext?.NamespaceOptions ?? new NamespaceOption();
        var asked = new Dictionary<string, string>();
        foreach (var (name, value) in config.Linux?.Sysctls ?? [])
        {
            Check(name, value, namespaces);
            if (!asked.TryAdd(Normalise(name), value))
            {
                throw Refused(name, "it is given twice, in two spellings");
            }
        }

        if (namespaces.Network == NamespaceMode.Pod)
        {
            foreach (var (name, value) in options.DefaultSysctls)
            {
                asked.TryAdd(name, name == SpecOptions.PingGroupRange ? MappedGroups(value, namespaces) : value);
            }
        }

        return asked.Count == 0 ? null : asked;
    }

    /// <summary>
    /// "net/ipv4/conf/eth0.1/x" to "net.ipv4.conf.eth0/1.x": what separates comes first, the other stands for a dot (sysctl(8)).
    /// </summary>
    internal static string Normalise(string name)
    {
        var separator = name.AsSpan().IndexOfAny('.', '/');
        return separator < 0 || name[separator] == '.'
            ? name
            : string.Create(name.Length, name, (target, source) =>
            {
                for (var i = 0; i < source.Length; i++)
                {
                    target[i] = source[i] switch { '/' => '.', '.' => '/', var c => c };
                }
            });
    }

    private static void Check(string name, string value, NamespaceOption namespaces)
    {
        var dotted = Normalise(name);
        var isPath = !Array.Exists(dotted.Split('.'), part => part is "" or "/" or "//");
        if (!isPath || name.AsSpan().ContainsAnyExcept(s_nameCharacters))
        {
            throw Refused(name, "it is not a sysctl's name");
        }

        if (value.Length > MaximumValueLength || value.AsSpan().ContainsAnyExcept(s_valueCharacters))
        {
            throw Refused(name, $"the value \"{TextRules.Printable(value)}\" is too long or holds a character that no sysctl takes");
        }

        var (mode, kind) = Holder(dotted, namespaces)
            ?? throw Refused(name, "it is not in a namespace of the pod and would change the host");
        if (mode != NamespaceMode.Pod)
        {
            throw Refused(name, $"the pod uses the host's {kind} namespace");
        }
    }

    private static (NamespaceMode Mode, string Kind)? Holder(string name, NamespaceOption namespaces)
    {
        if (name.StartsWith("net.", StringComparison.Ordinal))
        {
            return (namespaces.Network, "network");
        }

        if (s_ipcNames.Contains(name) || name.StartsWith("fs.mqueue.", StringComparison.Ordinal))
        {
            return (namespaces.Ipc, "ipc");
        }

        return name == "kernel.domainname" ? (namespaces.Network, "uts") : null;
    }

    /// <summary>The kernel takes no group that the pod's user namespace does not map.</summary>
    private static string MappedGroups(string range, NamespaceOption namespaces) =>
        SandboxSpec.HasUserNamespace(namespaces) && namespaces.UsernsOptions.Gids is [var map, ..] ? $"0 {map.Length - 1}" : range;

    private static CriException Refused(string name, string cause) =>
        CriException.InvalidArgument($"linux.sysctls \"{TextRules.Printable(name)}\": {cause}");
}
