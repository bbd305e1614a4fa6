namespace CriShim.Runtime.Security;

/// <summary>The words of a seccomp profile (config-linux.md, "Seccomp") and what they are in the kernel.</summary>
internal static class SeccompNames
{
    public const uint Notify = 0x7fc00000;
    public const uint Allow = 0x7fff0000;
    public const uint Log = 0x7ffc0000;

    /// <summary>SECCOMP_FILTER_FLAG_NEW_LISTENER: not a profile's word, but what SCMP_ACT_NOTIFY means.</summary>
    public const ulong NewListener = 8;

    /// <summary>SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: the kernel takes it only with a listener.</summary>
    public const ulong WaitKillable = 32;

    private const uint Errno = 0x00050000;
    private const uint Trace = 0x7ff00000;
    private const uint Eperm = 1;

    private static readonly (string Name, uint Value)[] s_actions =
    [
        ("SCMP_ACT_KILL", 0x00000000), ("SCMP_ACT_KILL_THREAD", 0x00000000), ("SCMP_ACT_KILL_PROCESS", 0x80000000),
        ("SCMP_ACT_TRAP", 0x00030000), ("SCMP_ACT_ERRNO", Errno), ("SCMP_ACT_TRACE", Trace), ("SCMP_ACT_LOG", Log),
        ("SCMP_ACT_ALLOW", Allow), ("SCMP_ACT_NOTIFY", Notify),
    ];

    private static readonly (string Name, int Value)[] s_operators =
    [
        ("SCMP_CMP_NE", 1), ("SCMP_CMP_LT", 2), ("SCMP_CMP_LE", 3), ("SCMP_CMP_EQ", 4), ("SCMP_CMP_GE", 5), ("SCMP_CMP_GT", 6),
        ("SCMP_CMP_MASKED_EQ", 7),
    ];

    // Filter flags of seccomp(2). TSYNC means nothing for a process that is about to be replaced by an execve.
    private static readonly (string Name, ulong Value)[] s_flags =
    [
        ("SECCOMP_FILTER_FLAG_TSYNC", 0), ("SECCOMP_FILTER_FLAG_LOG", 2), ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", 4),
        ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", WaitKillable),
    ];

    // libseccomp 2.5's.
    private static readonly string[] s_architectures =
    [
        "X86", "X86_64", "X32", "ARM", "AARCH64", "MIPS", "MIPS64", "MIPS64N32", "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC", "PPC64", "PPC64LE",
        "S390", "S390X", "PARISC", "PARISC64", "RISCV64",
    ];

    public static IReadOnlyList<string> Actions { get; } = [.. s_actions.Select(item => item.Name)];

    public static IReadOnlyList<string> Operators { get; } = [.. s_operators.Select(item => item.Name)];

    public static IReadOnlyList<string> Flags { get; } = [.. s_flags.Select(item => item.Name)];

    public static IReadOnlyList<string> Architectures { get; } = [.. s_architectures.Select(name => "SCMP_ARCH_" + name)];

    /// <summary>The action with its data; null for an unknown word. Without an errno EPERM is returned.</summary>
    public static uint? Action(string name, uint? errno) => Find(s_actions, name) is { } action ? TakesErrno(action) ? action | (errno ?? Eperm) : action : null;

    /// <summary>Whether the action carries a number: what the call returns, or what the tracer is told.</summary>
    public static bool TakesErrno(uint action) => (action & 0xFFFF0000) is Errno or Trace;

    public static int? Operator(string name) => Find(s_operators, name);

    public static ulong? Flag(string name) => Find(s_flags, name);

    private static T? Find<T>((string Name, T Value)[] known, string name)
        where T : struct
    {
        foreach (var item in known)
        {
            if (item.Name == name)
            {
                return item.Value;
            }
        }

        return null;
    }
}
