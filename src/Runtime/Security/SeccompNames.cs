namespace CriShim.Runtime.Security;

/// <summary>The words of a seccomp profile (config-linux.md, "Seccomp") and what they are in the kernel.</summary>
internal static class SeccompNames
{
    private const uint Errno = 0x00050000;
    private const uint Trace = 0x7ff00000;

    private static readonly (string Name, uint Value)[] s_actions =
    [
        ("SCMP_ACT_KILL", 0x00000000), ("SCMP_ACT_KILL_THREAD", 0x00000000), ("SCMP_ACT_KILL_PROCESS", 0x80000000),
        ("SCMP_ACT_TRAP", 0x00030000), ("SCMP_ACT_ERRNO", Errno), ("SCMP_ACT_TRACE", Trace), ("SCMP_ACT_LOG", 0x7ffc0000),
        ("SCMP_ACT_ALLOW", 0x7fff0000),
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
    ];

    public static IReadOnlyList<string> Actions { get; } = [.. s_actions.Select(item => item.Name)];

    public static IReadOnlyList<string> Operators { get; } = [.. s_operators.Select(item => item.Name)];

    public static IReadOnlyList<string> Flags { get; } = [.. s_flags.Select(item => item.Name)];

    public static IReadOnlyList<string> Architectures { get; } = ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32"];

    /// <summary>The action with its data; null for an unknown word. Without an errno EPERM is returned.</summary>
    public static uint? Action(string name, uint? errno) => Find(s_actions, name) is not { } action ? null
        : action is Errno or Trace ? action | (errno ?? 1)
        : action;

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
