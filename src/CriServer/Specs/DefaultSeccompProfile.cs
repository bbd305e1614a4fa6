using System.Runtime.InteropServices;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>
/// The RuntimeDefault profile: what is not listed does not exist (ENOSYS), what needs a capability that the container lacks is refused
/// (EPERM), the rest is allowed.
/// </summary>
internal static class DefaultSeccompProfile
{
    private const string Allow = "SCMP_ACT_ALLOW";
    private const string Fail = "SCMP_ACT_ERRNO";
    private const string MaskedEqual = "SCMP_CMP_MASKED_EQ";
    private const uint EPERM = 1;
    private const uint ENOSYS = 38;

    /// <summary>CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (clone(2)).</summary>
    private static readonly ulong[] s_namespaceFlags =
        [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000];

    /// <summary>PER_LINUX and PER_LINUX32, each with UNAME26 or without, and the question (personality(2)).</summary>
    private static readonly ulong[] s_personalities = [0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF];

    /// <summary>
    /// Address families 0 to 47 but AF_ALG (38, CVE-2026-31431) and AF_VSOCK (40, reaches the hypervisor), as masks and values of
    /// socket's first argument. The kernel reads only its low 32 bits, so comparing all 64 would let 2^32 + 38 pass. On 32-bit x86
    /// socketcall(2) stays open, whose arguments no filter can see.
    /// </summary>
    private static readonly (ulong Mask, ulong Value)[] s_families =
        [(0xFFFFFFE0, 0), (0xFFFFFFFC, 32), (0xFFFFFFFE, 36), (0xFFFFFFFF, 39), (0xFFFFFFFF, 41), (0xFFFFFFFE, 42), (0xFFFFFFFC, 44)];

    private static readonly string[] s_x86 = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"];
    private static readonly string[] s_arm = ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"];

    /// <param name="capabilities">The container's bounding set.</param>
    public static SeccompSpec Build(IReadOnlyList<string> capabilities)
    {
        var has = capabilities.ToHashSet();
        var conditional = DefaultSeccompSyscalls.ByCapability;
        var granted = conditional.Where(rule => has.Contains(rule.Capability)).SelectMany(rule => rule.Names).ToHashSet();
        var missing = conditional.SelectMany(rule => rule.Names).Where(name => !granted.Contains(name)).Distinct();
        var rules = new List<SeccompSyscallSpec>
        {
            new() { Names = [.. DefaultSeccompSyscalls.Allowed, .. granted], Action = Allow },
            new() { Names = [.. missing, .. DefaultSeccompSyscalls.Refused], Action = Fail, ErrnoRet = EPERM },
        };
        rules.AddRange(s_personalities.Select(value => Rule("personality", "SCMP_CMP_EQ", value, 0)));
        rules.AddRange(s_families.Select(family => Rule("socket", MaskedEqual, family.Mask, family.Value)));
        rules.AddRange(Clone(has.Contains("CAP_SYS_ADMIN")));
        return new SeccompSpec
        {
            DefaultAction = Fail,
            DefaultErrnoRet = ENOSYS,
            Architectures = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? s_arm : s_x86,
            Syscalls = rules,
        };
    }

    /// <summary>
    /// Without SYS_ADMIN no new namespaces. clone3's flags lie in memory, where a filter cannot look: it must not exist, then libc takes
    /// clone.
    /// </summary>
    private static IEnumerable<SeccompSyscallSpec> Clone(bool mayMakeNamespaces)
    {
        if (mayMakeNamespaces)
        {
            return [new SeccompSyscallSpec { Names = ["clone", "clone3"], Action = Allow }];
        }

        var allFlags = s_namespaceFlags.Aggregate(0UL, (all, flag) => all | flag);
        return s_namespaceFlags
            .Select(flag => Rule("clone", MaskedEqual, flag, flag) with { Action = Fail, ErrnoRet = EPERM })
            .Prepend(Rule("clone", MaskedEqual, allFlags, 0));
    }

    private static SeccompSyscallSpec Rule(string name, string comparison, ulong value, ulong valueTwo) => new()
    {
        Names = [name],
        Action = Allow,
        Args = [new SeccompArgSpec { Index = 0, Value = value, ValueTwo = valueTwo, Op = comparison }],
    };
}
