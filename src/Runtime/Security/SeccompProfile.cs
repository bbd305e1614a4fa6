using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Security;

/// <summary>Compiles a seccomp profile. The result is the filter flags (8 bytes) and BPF instructions (8 bytes each); empty without a profile.</summary>
internal static class SeccompProfile
{
    private const string ArchitecturePrefix = "SCMP_ARCH_";
    private const uint ENOSYS = 38;
    private const int MaxArgument = 5;
    private const int MaxInstructions = 4096;

    /// <summary>Throws <see cref="RuntimeException"/>: a profile that cannot be kept to the letter is an error.</summary>
    public static byte[] Compile(SeccompSpec? profile)
    {
        if (profile is null)
        {
            return [];
        }

        try
        {
            return Build(profile);
        }
        catch (LinuxException e)
        {
            throw new RuntimeException(
                new RuntimeError(RuntimeErrorKind.InvalidArgument, $"failed to compile seccomp profile: {e.Message}", "seccomp", (int)e.Errno, e.Call), e);
        }
    }

    private static byte[] Build(SeccompSpec profile)
    {
        Require(string.IsNullOrEmpty(profile.ListenerPath), "a listener is not supported");
        var defaultAction = Action(profile.DefaultAction, profile.DefaultErrnoRet);
        using var filter = new SeccompFilter(defaultAction);
        foreach (var architecture in profile.Architectures ?? [])
        {
            var name = architecture.StartsWith(ArchitecturePrefix, StringComparison.Ordinal) ? architecture[ArchitecturePrefix.Length..] : architecture;
            Require(filter.AddArchitecture(name.ToLowerInvariant()), $"unknown architecture \"{architecture}\"");
        }

        var highest = 0;
        foreach (var rule in profile.Syscalls ?? [])
        {
            highest = Math.Max(highest, AddRules(filter, rule, defaultAction));
        }

        var program = filter.Export();
        if (IsStrict(profile))
        {
            program = [.. SeccompPrologue.Build(highest, SeccompNames.Action("SCMP_ACT_ERRNO", ENOSYS)!.Value), .. program];
        }

        Require(program.Length / sizeof(long) <= MaxInstructions, "too long for the kernel");
        return [.. BitConverter.GetBytes(Flags(profile)), .. program];
    }

    /// <summary>
    /// A call that is newer than the profile must look as if the kernel did not have it: programs then fall back to what they used before,
    /// which an EPERM keeps them from.
    /// </summary>
    private static bool IsStrict(SeccompSpec profile) =>
        profile.DefaultErrnoRet != ENOSYS && profile.DefaultAction is not ("SCMP_ACT_ALLOW" or "SCMP_ACT_LOG" or "SCMP_ACT_TRACE");

    /// <summary>The highest number among the rule's calls. Names that are unknown here are passed over: profiles list all kernels' calls.</summary>
    private static int AddRules(SeccompFilter filter, SeccompSyscallSpec rule, uint defaultAction)
    {
        var action = Action(rule.Action, rule.ErrnoRet);
        var comparisons = (rule.Args ?? []).Select(ToComparison).ToArray();
        var distinct = comparisons.Select(item => item.Argument).Distinct().Count() == comparisons.Length;
        var highest = 0;
        foreach (var name in rule.Names)
        {
            if (SeccompFilter.Resolve(name) is not { } number)
            {
                continue;
            }

            highest = Math.Max(highest, number);
            if (action == defaultAction)
            {
                // libseccomp refuses a rule that changes nothing.
                continue;
            }

            if (distinct)
            {
                filter.AddRule(action, number, comparisons, name);
                continue;
            }

            // Several tests of one argument are alternatives: one rule cannot hold them.
            foreach (var comparison in comparisons)
            {
                filter.AddRule(action, number, [comparison], name);
            }
        }

        return highest;
    }

    private static SeccompFilter.Comparison ToComparison(SeccompArgSpec argument)
    {
        Require(argument.Index <= MaxArgument, $"argument {argument.Index} does not exist");
        var comparison = SeccompNames.Operator(argument.Op) ?? throw Wrong($"unknown operator \"{argument.Op}\"");
        return new SeccompFilter.Comparison(argument.Index, comparison, argument.Value, argument.ValueTwo);
    }

    private static uint Action(string name, uint? errno) => SeccompNames.Action(name, errno) ?? throw Wrong($"unknown action \"{name}\"");

    private static ulong Flags(SeccompSpec profile)
    {
        var flags = 0UL;
        foreach (var name in profile.Flags ?? [])
        {
            flags |= SeccompNames.Flag(name) ?? throw Wrong($"unknown flag \"{name}\"");
        }

        return flags;
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw Wrong(problem);
        }
    }

    private static RuntimeException Wrong(string problem) =>
        new(new RuntimeError(RuntimeErrorKind.InvalidArgument, $"failed to compile seccomp profile: {problem}", "seccomp"));
}
