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

        if (SeccompNotify.FindProblem(profile) is { } problem)
        {
            throw Wrong(problem);
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

    /// <summary>SECCOMP_FILTER_FLAG_… of a compiled profile.</summary>
    public static ulong FlagsOf(byte[] compiled) => BitConverter.ToUInt64(compiled, 0);

    /// <summary>Whether loading the compiled profile gives a listener, for the agent that its author names.</summary>
    public static bool HasListener(byte[] compiled) => compiled.Length > 0 && (FlagsOf(compiled) & SeccompNames.NewListener) != 0;

    private static byte[] Build(SeccompSpec profile)
    {
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
        return [.. BitConverter.GetBytes(Flags(profile, SeccompNotify.IsUsed(profile))), .. program];
    }

    /// <summary>
    /// A call that is newer than the profile must look as if the kernel did not have it: programs then fall back to what they used before,
    /// which an EPERM keeps them from.
    /// </summary>
    private static bool IsStrict(SeccompSpec profile) =>
        profile.DefaultErrnoRet != ENOSYS && profile.DefaultAction is not ("SCMP_ACT_ALLOW" or "SCMP_ACT_LOG" or "SCMP_ACT_TRACE");

    /// <summary>
    /// The highest number among the rule's calls. Names that are unknown here are passed over where that allows less than was meant:
    /// profiles list all kernels' calls. A restriction that cannot be kept is an error.
    /// </summary>
    private static int AddRules(SeccompFilter filter, SeccompSyscallSpec rule, uint defaultAction)
    {
        var action = Action(rule.Action, rule.ErrnoRet);
        Require(rule.Names.Count > 0, $"a rule with action {rule.Action} names no system call");
        var comparisons = (rule.Args ?? []).Select(ToComparison).ToArray();
        var distinct = comparisons.Select(item => item.Argument).Distinct().Count() == comparisons.Length;
        var highest = 0;
        foreach (var name in rule.Names)
        {
            if (SeccompFilter.Resolve(name) is not { } number)
            {
                Require(IsPermissive(action) || !IsPermissive(defaultAction), $"unknown system call \"{name}\" cannot be restricted");
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

    private static bool IsPermissive(uint action) => action is SeccompNames.Allow or SeccompNames.Log;

    private static uint Action(string name, uint? errno)
    {
        var action = SeccompNames.Action(name, errno) ?? throw Wrong($"unknown action \"{name}\"");
        Require(errno is null or 0 || SeccompNames.TakesErrno(action), $"action {name} takes no errno");
        Require(errno is null or <= ushort.MaxValue, $"errno {errno} is too large");
        return action;
    }

    private static ulong Flags(SeccompSpec profile, bool listens)
    {
        var flags = listens ? SeccompNames.NewListener : 0UL;
        foreach (var name in profile.Flags ?? [])
        {
            flags |= SeccompNames.Flag(name) ?? throw Wrong($"unknown flag \"{name}\"");
        }

        return listens ? flags : flags & ~SeccompNames.WaitKillable;
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
