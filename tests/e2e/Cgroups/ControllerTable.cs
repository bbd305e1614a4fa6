using System.Globalization;
using CriShim.E2e.Fixtures;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.E2e.Cgroups;

/// <summary>A setting and what its control file then says.</summary>
/// <param name="V1File">Below /sys/fs/cgroup; "-": v1 has no such setting.</param>
/// <param name="Need">What the setting is part of.</param>
internal sealed record Setting(string Name, ResourcesSpec Resources, string V1File, string V1, string V2File, string V2, KernelNeed? Need = null)
{
    public bool IsHere => File != "-" && (Need is not { } need || KernelNeeds.Missing(need) is null);

    public string File => ControlledBundle.IsV2 ? V2File : V1File;

    public string Value => ControlledBundle.IsV2 ? V2 : V1;
}

/// <summary>A setting that cannot be.</summary>
/// <param name="Error">Part of the error.</param>
/// <param name="V1">True where it is so with v1.</param>
internal sealed record Refusal(string Name, ResourcesSpec Resources, string Error, bool V1, bool V2)
{
    public bool IsHere => ControlledBundle.IsV2 ? V2 : V1;
}

/// <summary>Every setting of every controller.</summary>
internal static class ControllerTable
{
    public const long Mebibyte = 1 << 20;

    public static IReadOnlyList<Setting> Settings { get; } =
    [
        new("shares", Cpu(new() { Shares = 512 }), "cpu/cpu.shares", "512", "cpu.weight", "59"),
        new("quota", Cpu(new() { Quota = 33_333, Period = 50_000 }), "cpu/cpu.cfs_quota_us", "33333", "cpu.max", "33333 50000"),
        new("burst", Cpu(new() { Quota = 50_000, Period = 100_000, Burst = 20_000 }), "cpu/cpu.cfs_burst_us", "20000", "cpu.max.burst", "20000"),
        new("unlimited CPU", Cpu(new() { Quota = -1 }), "cpu/cpu.cfs_quota_us", "-1", "cpu.max", "max 100000"),
        new("idle", Cpu(new() { Idle = 1 }), "cpu/cpu.idle", "1", "cpu.idle", "1"),
        new("CPUs", Cpu(new() { Cpus = "0" }), "cpuset/cpuset.cpus", "0", "cpuset.cpus", "0"),
        new("memory nodes", Cpu(new() { Mems = "0" }), "cpuset/cpuset.mems", "0", "cpuset.mems", "0"),
        new("memory", Memory(new() { Limit = 64 * Mebibyte }), "memory/memory.limit_in_bytes", "67108864", "memory.max", "67108864"),
        new(
            "swap", Memory(new() { Limit = 64 * Mebibyte, Swap = 96 * Mebibyte }),
            "memory/memory.memsw.limit_in_bytes", "100663296", "memory.swap.max", "33554432"),
        new("reservation", Memory(new() { Reservation = 32 * Mebibyte }), "memory/memory.soft_limit_in_bytes", "33554432", "memory.low", "33554432"),
        new("swappiness", Memory(new() { Swappiness = 7 }), "memory/memory.swappiness", "7", "-", ""),
        new("no OOM killer", Memory(new() { DisableOOMKiller = true }), "memory/memory.oom_control", "oom_kill_disable 1\nunder_oom 0\noom_kill 0", "-", ""),
        new("pids", new ResourcesSpec { Pids = new() { Limit = 77 } }, "pids/pids.max", "77", "pids.max", "77"),
        new("realtime", Cpu(new() { RealtimeRuntime = 5_000, RealtimePeriod = 200_000 }), "cpu/cpu.rt_runtime_us", "5000", "-", "", KernelNeed.RealtimeGroups),
        new("I/O weight", new() { BlockIO = new() { Weight = 500 } }, "blkio/blkio.bfq.weight", "500", "io.bfq.weight", "default 500", KernelNeed.Bfq),
        new("memory.min", Unified("memory.min", "4194304"), "-", "", "memory.min", "4194304"),
        new("memory.high", Unified("memory.high", "8388608"), "-", "", "memory.high", "8388608"),
        new("memory.oom.group", Unified("memory.oom.group", "1"), "-", "", "memory.oom.group", "1"),
        new("io.weight", Unified("io.weight", "200"), "-", "", "io.weight", "default 200"),
        new("huge pages", new() { HugepageLimits = [new() { PageSize = "2MB", Limit = 4 * (ulong)Mebibyte }] }, "-", "", "hugetlb.2MB.max", "4194304"),
    ];

    public static IReadOnlyList<Refusal> Refusals { get; } =
    [
        new("CPU that is not there", Cpu(new() { Cpus = "0-9999" }), "cpuset.cpus", true, true),
        new("node that is not there", Cpu(new() { Mems = "999" }), "cpuset.mems", true, true),
        new("quota below a millisecond", Cpu(new() { Quota = 10 }), "cpu.", true, true),
        new("period beyond a second", Cpu(new() { Period = 2_000_000 }), "cpu.", true, true),
        new("realtime beyond the machine's", Cpu(new() { RealtimeRuntime = 990_000 }), "cpu.rt_runtime_us", true, true),
        new("class of network traffic", new() { Network = new() { ClassID = 1 } }, "net_cls", true, true),
        new("priorities of network traffic", new() { Network = new() { Priorities = [new() { Name = "lo", Priority = 1 }] } }, "net_prio", true, true),
        new("burst over the quota", Cpu(new() { Quota = 50_000, Burst = 60_000 }), "burst", true, true),
        new("swap below memory", Memory(new() { Limit = 64 * Mebibyte, Swap = 32 * Mebibyte }), "mem", true, true),
        new("page size that is not there", new() { HugepageLimits = [new() { PageSize = "3MB", Limit = 1 }] }, "hugetlb.3MB", true, true),
        new("disk that is not there", new() { BlockIO = new() { ThrottleReadBpsDevice = [new() { Major = 999, Minor = 9, Rate = 1 }] } }, "999:9", true, true),
        new("RDMA device that is not there", new() { Rdma = new Dictionary<string, RdmaSpec> { ["none0"] = new() { HcaHandles = 1 } } }, "rdma", true, true),
        new("unknown file", Unified("memory.nosuch", "1"), "unified", true, false),
        new("unknown file", Unified("memory.nosuch", "1"), "memory.nosuch", false, true),
        new("unknown misc resource", Unified("misc.max", "nosuch 1"), "misc.max", false, true),
        new("file of processes", Unified("cgroup.procs", "1"), "cgroup.procs", false, true),
        new("file elsewhere", Unified("../cgroup.max.depth", "1"), "not the name of a control file", false, true),
    ];

    /// <summary>The last word of a line that begins with a digit.</summary>
    public static long Number(string line) =>
        long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Last(word => char.IsAsciiDigit(word[0])), CultureInfo.InvariantCulture);

    public static ResourcesSpec Cpu(CpuSpec cpu) => new() { Cpu = cpu };

    public static ResourcesSpec Memory(MemorySpec memory) => new() { Memory = memory };

    public static ResourcesSpec Unified(string file, string value) => new() { Unified = new Dictionary<string, string> { [file] = value } };
}
