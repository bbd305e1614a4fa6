using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Specs;

/// <summary>The capabilities of capabilities(7), in the kernel's order: the place is the bit.</summary>
internal static class CapabilityNames
{
    public const string Everything = "ALL";

    private const string Prefix = "CAP_";

    public static readonly IReadOnlyList<string> InBitOrder =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
        "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
        "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",
        "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
        "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    private static readonly HashSet<string> s_known = [.. InBitOrder];

    /// <summary>"net_raw", "NET_RAW", "Cap_Net_Raw" to "CAP_NET_RAW"; "all" to <see cref="Everything"/>.</summary>
    /// <exception cref="CriException">InvalidArgument: there is no such capability.</exception>
    public static string Normalise(string name, string field)
    {
        var upper = name.ToUpperInvariant();
        if (upper is Everything or Prefix + Everything)
        {
            return Everything;
        }

        var full = upper.StartsWith(Prefix, StringComparison.Ordinal) ? upper : Prefix + upper;
        return s_known.Contains(full)
            ? full
            : throw CriException.InvalidArgument($"{field}: unknown capability \"{TextRules.Printable(name)}\"");
    }

    /// <summary>The set whose bits are given (proc(5), CapBnd of /proc/PID/status).</summary>
    public static HashSet<string> FromBits(ulong bits) => [.. InBitOrder.Where((_, bit) => (bits >> bit & 1) != 0)];
}
