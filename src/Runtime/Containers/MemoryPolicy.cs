using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Containers;

/// <summary>On which memory nodes a process's pages lie: set_mempolicy(2), inherited and kept across an execve.</summary>
internal static class MemoryPolicy
{
    // Places are the numbers of linux/mempolicy.h.
    private static readonly string[] s_modes =
        ["MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE"];

    private static readonly (string Name, int Value)[] s_flags =
        [("MPOL_F_STATIC_NODES", 1 << 15), ("MPOL_F_RELATIVE_NODES", 1 << 14), ("MPOL_F_NUMA_BALANCING", 1 << 13)];

    public static IReadOnlyList<string> Modes => s_modes;

    public static IReadOnlyList<string> Flags { get; } = [.. s_flags.Select(flag => flag.Name)];

    /// <summary>What is wrong with it: member and problem; null: nothing.</summary>
    public static (string Member, string Problem)? FindProblem(MemoryPolicySpec policy)
    {
        if (Array.IndexOf(s_modes, policy.Mode) < 0)
        {
            return ("linux.memoryPolicy.mode", $"\"{policy.Mode}\" is unknown");
        }

        if ((policy.Flags ?? []).FirstOrDefault(flag => !Flags.Contains(flag)) is { } unknown)
        {
            return ("linux.memoryPolicy.flags", $"\"{unknown}\" is unknown");
        }

        var takesNodes = policy.Mode is not ("MPOL_DEFAULT" or "MPOL_LOCAL");
        var hasNodes = !string.IsNullOrEmpty(policy.Nodes);
        return hasNodes && NumberList.ToMask(policy.Nodes!) is null ? ("linux.memoryPolicy.nodes", $"\"{policy.Nodes}\" is not a list of nodes")
            : hasNodes && !takesNodes ? ("linux.memoryPolicy.nodes", $"are given, and {policy.Mode} takes none")
            : !hasNodes && takesNodes && policy.Mode != "MPOL_PREFERRED" ? ("linux.memoryPolicy.nodes", $"are missing: {policy.Mode} needs some")
            : null;
    }

    public static void Add(SyscallProgram program, MemoryPolicySpec? policy)
    {
        if (policy is null)
        {
            return;
        }

        var mode = Array.IndexOf(s_modes, policy.Mode);
        foreach (var (name, value) in s_flags)
        {
            mode |= policy.Flags?.Contains(name) ?? false ? value : 0;
        }

        // The kernel reads one bit less than it is told.
        var nodes = string.IsNullOrEmpty(policy.Nodes) ? [] : NumberList.ToMask(policy.Nodes)!;
        program.Call("set linux.memoryPolicy", SYS_set_mempolicy, mode, nodes.Length == 0 ? 0 : program.Bytes(nodes), nodes.Length == 0 ? 0 : nodes.Length * 8 + 1);
    }
}
