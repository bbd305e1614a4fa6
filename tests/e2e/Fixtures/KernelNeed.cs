using CriShim.E2e.Runtime;
using CriShim.TestKit;

namespace CriShim.E2e.Fixtures;

/// <summary>What only some machines have. That of cgroup v2 is in the guest of `make test-vm`.</summary>
public enum KernelNeed
{
    CgroupV1,
    CgroupV2,

    /// <summary>A test that makes a parent cgroup itself.</summary>
    CgroupFolders,
    Swap,

    /// <summary>The I/O scheduler, the only one with weights.</summary>
    Bfq,

    /// <summary>The cost model behind io.weight.</summary>
    IoCost,

    /// <summary>CONFIG_RT_GROUP_SCHED.</summary>
    RealtimeGroups,

    /// <summary>Pages of 2 MiB that a test may reserve, and their controller.</summary>
    HugePages,

    /// <summary>The same, with a controller of v1 that is in no hierarchy.</summary>
    FreeHugePages,

    /// <summary>net_cls and net_prio of v1, in no hierarchy.</summary>
    FreeNetworkControllers,
}

/// <summary>A test that needs something of the machine's kernel; skipped, by name, where it is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsFactAttribute : FactAttribute
{
    public NeedsFactAttribute(params KernelNeed[] needs) => Skip = KernelNeeds.FirstMissing(needs);
}

/// <inheritdoc cref="NeedsFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsTheoryAttribute : TheoryAttribute
{
    public NeedsTheoryAttribute(params KernelNeed[] needs) => Skip = KernelNeeds.FirstMissing(needs);
}

internal static class KernelNeeds
{
    private const string ReservedPages = "/proc/sys/vm/nr_hugepages";

    /// <summary>Why a test cannot be run; null: it can.</summary>
    public static string? FirstMissing(IEnumerable<KernelNeed> needs) => needs.Select(Missing).FirstOrDefault(reason => reason is not null);

    public static string? Missing(KernelNeed need) => need switch
    {
        KernelNeed.CgroupV1 => Unless(V1FactAttribute.HasV1, V1FactAttribute.Reason),
        KernelNeed.CgroupV2 => Unless(!V1FactAttribute.HasV1, "the controllers are those of cgroup v1"),
        KernelNeed.CgroupFolders => Unless(!OciBundle.UsesSystemd, "the systemd driver makes parents of its own"),
        KernelNeed.Swap => Unless(File.ReadLines("/proc/swaps").Skip(1).Any(), "this machine has no swap"),
        KernelNeed.Bfq => Unless(HasBfq(), "this kernel has no BFQ I/O scheduler"),
        KernelNeed.IoCost => Unless(File.Exists("/sys/fs/cgroup/io.cost.qos"), "this kernel has no I/O cost model for cgroup v2"),
        KernelNeed.RealtimeGroups => Unless(File.Exists("/sys/fs/cgroup/cpu/cpu.rt_runtime_us"), "no cgroup v1 with CONFIG_RT_GROUP_SCHED"),
        KernelNeed.HugePages => Unless(CanReservePages() && UnifiedHas("hugetlb"), "no huge pages can be reserved, or cgroup2 has no hugetlb"),
        KernelNeed.FreeHugePages => Unless(CanReservePages() && IsFree("hugetlb") && !UnifiedHas("hugetlb"), "hugetlb is in a hierarchy already"),
        _ => Unless(IsFree("net_cls") && IsFree("net_prio"), "net_cls and net_prio are not there, or in a hierarchy already"),
    };

    private static string? Unless(bool isThere, string reason) => isThere ? null : reason;

    private static bool HasBfq() => Directory.EnumerateDirectories("/sys/block").Select(disk => Path.Combine(disk, "queue/scheduler"))
        .Any(file => File.Exists(file) && File.ReadAllText(file).Contains("bfq", StringComparison.Ordinal));

    private static bool IsFree(string controller) =>
        V1FactAttribute.HasV1 && File.ReadAllText("/proc/cgroups").Contains(controller + "\t0\t", StringComparison.Ordinal);

    private static bool UnifiedHas(string controller) => File.ReadLines("/proc/self/mounts").Select(line => line.Split(' '))
        .Any(fields => fields[2] == "cgroup2" && File.ReadAllText(fields[1] + "/cgroup.controllers").Split(' ', '\n').Contains(controller));

    private static bool CanReservePages() =>
        Directory.Exists("/sys/kernel/mm/hugepages/hugepages-2048kB") && Command.Run("test", "-w", ReservedPages).ExitCode == 0;
}
