using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Security;

/// <summary>The capabilities of capabilities(7); the place in the list is the bit.</summary>
internal static class CapabilityTable
{
    private static readonly string[] s_names =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
        "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
        "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",
        "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
        "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    public const int SysResource = 24;

    public const int SysAdmin = 21;

    public static IReadOnlyList<string> Names => s_names;

    public static int Count => s_names.Length;

    /// <summary>All that this table knows.</summary>
    public static ulong All => (1UL << s_names.Length) - 1;

    /// <summary>The bit, or -1 for a name that is none.</summary>
    public static int Find(string name) => Array.IndexOf(s_names, name);

    /// <summary>Names in any of the sets that are none.</summary>
    public static IReadOnlyList<string> Unknown(CapabilitiesSpec? sets)
    {
        IReadOnlyList<string>?[] all = [sets?.Bounding, sets?.Effective, sets?.Permitted, sets?.Inheritable, sets?.Ambient];
        return [.. all.SelectMany(names => names ?? []).Where(name => Find(name) < 0).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Names that are unknown are left out, as the specification has it; who has a log warns of them.</summary>
    public static ulong ToMask(IReadOnlyList<string>? names)
    {
        var mask = 0UL;
        foreach (var name in names ?? [])
        {
            mask |= Find(name) is var bit and >= 0 ? 1UL << bit : 0;
        }

        return mask;
    }
}
