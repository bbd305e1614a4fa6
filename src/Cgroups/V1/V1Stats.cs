namespace CriShim.Cgroups.V1;

/// <summary>Counters of v1, from the texts of the files; a missing file is a missing part.</summary>
internal static class V1Stats
{
    /// <summary>cpuacct.stat counts in USER_HZ (proc_pid_stat(5)), which is 100 on all architectures of ours.</summary>
    private const ulong NanosecondsPerTick = 10_000_000;

    /// <summary>The kernel's "no limit": the highest multiple of a page.</summary>
    private const ulong NoLimit = 0x7FFF_FFFF_FFFF_F000;

    public static CpuStats Cpu(ControlFolder accounting, ControlFolder? cpu, bool details)
    {
        var usage = StatText.Number(accounting.Read("cpuacct.usage"));
        if (!details)
        {
            return new CpuStats { UsageNanoseconds = usage };
        }

        var ticks = accounting.Read("cpuacct.stat");
        var bandwidth = cpu?.Read("cpu.stat");
        return new CpuStats
        {
            UsageNanoseconds = usage,
            UserNanoseconds = StatText.Find(ticks, "user") * NanosecondsPerTick,
            SystemNanoseconds = StatText.Find(ticks, "system") * NanosecondsPerTick,
            Periods = StatText.Find(bandwidth, "nr_periods"),
            ThrottledPeriods = StatText.Find(bandwidth, "nr_throttled"),
            ThrottledNanoseconds = StatText.Find(bandwidth, "throttled_time"),
        };
    }

    public static MemoryStats Memory(ControlFolder folder, bool details)
    {
        var stat = folder.Read("memory.stat");
        var usage = StatText.Number(folder.Read("memory.usage_in_bytes"));
        var limit = StatText.Find(stat, "hierarchical_memory_limit");
        return new MemoryStats
        {
            UsageBytes = usage,
            PeakBytes = details ? StatText.Number(folder.Read("memory.max_usage_in_bytes")) : 0,
            LimitBytes = Limit(limit),
            WorkingSetBytes = StatText.Less(usage, StatText.Find(stat, "total_inactive_file")),
            RssBytes = StatText.Find(stat, "total_rss"),
            CacheBytes = StatText.Find(stat, "total_cache"),
            MappedFileBytes = StatText.Find(stat, "total_mapped_file"),
            KernelBytes = details ? StatText.Number(folder.Read("memory.kmem.usage_in_bytes")) : 0,
            SwapBytes = StatText.Find(stat, "total_swap"),
            SwapLimitBytes = SwapLimit(stat, limit),
            PageFaults = StatText.Find(stat, "total_pgfault"),
            MajorPageFaults = StatText.Find(stat, "total_pgmajfault"),
            FailCount = details ? StatText.Number(folder.Read("memory.failcnt")) : 0,
        };
    }

    public static PidsStats Pids(ControlFolder folder, bool details) =>
        new(StatText.Number(folder.Read("pids.current")), details ? StatText.Number(folder.Read("pids.max")) : 0);

    public static IReadOnlyList<IoStats> Io(ControlFolder folder)
    {
        var devices = new Dictionary<(uint Major, uint Minor), IoStats>();
        foreach (var line in Lines(folder, "io_service_bytes_recursive"))
        {
            Count(devices, line, (stats, read, count) =>
                read ? stats with { ReadBytes = count } : stats with { WriteBytes = count });
        }

        foreach (var line in Lines(folder, "io_serviced_recursive"))
        {
            Count(devices, line, (stats, read, count) =>
                read ? stats with { ReadOperations = count } : stats with { WriteOperations = count });
        }

        return [.. devices.Values];
    }

    public static IReadOnlyList<HugetlbStats> Hugetlb(ControlFolder folder)
    {
        const string Prefix = "hugetlb.";
        const string Suffix = ".usage_in_bytes";
        var sizes = new List<HugetlbStats>();
        foreach (var file in CgroupFile.Names(folder.Path, Prefix, Suffix))
        {
            var size = file[Prefix.Length..^Suffix.Length];
            if (!size.Contains('.'))
            {
                sizes.Add(new HugetlbStats(
                    size,
                    StatText.Number(folder.Read(file)),
                    StatText.Number(folder.Read($"hugetlb.{size}.max_usage_in_bytes")),
                    StatText.Number(folder.Read($"hugetlb.{size}.failcnt"))));
            }
        }

        return sizes;
    }

    private static ulong Limit(ulong bytes) => bytes is 0 or >= NoLimit ? ulong.MaxValue : bytes;

    // hierarchical_memsw_limit is of memory plus swap.
    private static ulong SwapLimit(string? stat, ulong limit)
    {
        var sum = Limit(StatText.Find(stat, "hierarchical_memsw_limit"));
        return sum == ulong.MaxValue ? sum : StatText.Less(sum, limit);
    }

    // The throttling layer counts with every I/O scheduler, BFQ's own files only with BFQ.
    private static string[] Lines(ControlFolder folder, string counter) =>
        (folder.Read("blkio.throttle." + counter) ?? folder.Read("blkio." + counter) ?? "").Split('\n');

    // "8:0 Read 4096"; a device has lines of other kinds too.
    private static void Count(
        Dictionary<(uint Major, uint Minor), IoStats> devices,
        string line,
        Func<IoStats, bool, ulong, IoStats> add)
    {
        var fields = line.Split(' ');
        if (fields.Length == 3 && fields[1] is "Read" or "Write" && StatText.TryDevice(fields[0], out var major, out var minor))
        {
            var before = devices.GetValueOrDefault((major, minor), new IoStats(major, minor, 0, 0, 0, 0));
            devices[(major, minor)] = add(before, fields[1] == "Read", StatText.Number(fields[2]));
        }
    }
}
