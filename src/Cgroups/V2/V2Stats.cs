using System.Globalization;

namespace CriShim.Cgroups.V2;

/// <summary>Counters of v2 (cgroup-v2.rst), from the texts of the files; a missing file is a missing part.</summary>
internal static class V2Stats
{
    private const ulong NanosecondsPerMicrosecond = 1000;

    /// <summary>cpu.stat is there without the cpu controller too, with the times alone.</summary>
    public static CpuStats? Cpu(ControlFolder folder, bool details, bool pressure)
    {
        if (folder.Read("cpu.stat") is not { } stat)
        {
            return null;
        }

        return new CpuStats
        {
            UsageNanoseconds = StatText.Find(stat, "usage_usec") * NanosecondsPerMicrosecond,
            UserNanoseconds = details ? StatText.Find(stat, "user_usec") * NanosecondsPerMicrosecond : 0,
            SystemNanoseconds = details ? StatText.Find(stat, "system_usec") * NanosecondsPerMicrosecond : 0,
            Periods = details ? StatText.Find(stat, "nr_periods") : 0,
            ThrottledPeriods = details ? StatText.Find(stat, "nr_throttled") : 0,
            ThrottledNanoseconds = details ? StatText.Find(stat, "throttled_usec") * NanosecondsPerMicrosecond : 0,
            Pressure = pressure ? Pressure(folder.Read("cpu.pressure")) : null,
        };
    }

    public static MemoryStats? Memory(ControlFolder folder, bool details, bool pressure)
    {
        if (folder.Read("memory.current") is not { } current)
        {
            return null;
        }

        var usage = StatText.Number(current);
        var stat = folder.Read("memory.stat");
        return new MemoryStats
        {
            UsageBytes = usage,
            PeakBytes = details ? StatText.Number(folder.Read("memory.peak")) : 0,
            LimitBytes = StatText.Number(folder.Read("memory.max")),
            WorkingSetBytes = StatText.Less(usage, StatText.Find(stat, "inactive_file")),
            RssBytes = StatText.Find(stat, "anon"),
            CacheBytes = StatText.Find(stat, "file"),
            MappedFileBytes = StatText.Find(stat, "file_mapped"),
            KernelBytes = StatText.Find(stat, "kernel"),
            SwapBytes = StatText.Number(folder.Read("memory.swap.current")),
            SwapLimitBytes = StatText.Number(folder.Read("memory.swap.max")),
            PageFaults = StatText.Find(stat, "pgfault"),
            MajorPageFaults = StatText.Find(stat, "pgmajfault"),
            FailCount = details ? StatText.Find(folder.Read("memory.events"), "max") : 0,
            Pressure = pressure ? Pressure(folder.Read("memory.pressure")) : null,
        };
    }

    public static PidsStats? Pids(ControlFolder folder, bool details) => folder.Read("pids.current") is { } current
        ? new PidsStats(StatText.Number(current), details ? StatText.Number(folder.Read("pids.max")) : 0)
        : null;

    /// <summary>Lines "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6".</summary>
    public static IReadOnlyList<IoStats> Io(ControlFolder folder)
    {
        var devices = new List<IoStats>();
        foreach (var line in (folder.Read("io.stat") ?? "").Split('\n'))
        {
            var fields = line.Split(' ');
            if (StatText.TryDevice(fields[0], out var major, out var minor))
            {
                devices.Add(new IoStats(
                    major,
                    minor,
                    Field(fields, "rbytes="),
                    Field(fields, "wbytes="),
                    Field(fields, "rios="),
                    Field(fields, "wios=")));
            }
        }

        return devices;
    }

    public static IReadOnlyList<HugetlbStats> Hugetlb(ControlFolder folder)
    {
        const string Prefix = "hugetlb.";
        const string Suffix = ".current";
        var sizes = new List<HugetlbStats>();
        foreach (var file in CgroupFile.Names(folder.Path, Prefix, Suffix))
        {
            var size = file[Prefix.Length..^Suffix.Length];
            if (!size.Contains('.'))
            {
                var failed = StatText.Find(folder.Read($"hugetlb.{size}.events"), "max");
                sizes.Add(new HugetlbStats(size, StatText.Number(folder.Read(file)), 0, failed));
            }
        }

        return sizes;
    }

    /// <summary>Lines "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" and "full …"; null where the kernel does not count.</summary>
    public static PressureStats? Pressure(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        var some = default(PressureLine);
        var full = default(PressureLine);
        foreach (var line in text.Split('\n'))
        {
            var fields = line.Split(' ');
            var values = new PressureLine(
                Percent(fields, "avg10="),
                Percent(fields, "avg60="),
                Percent(fields, "avg300="),
                Field(fields, "total="));
            if (fields[0] == "some")
            {
                some = values;
            }
            else if (fields[0] == "full")
            {
                full = values;
            }
        }

        return new PressureStats(some, full);
    }

    private static ulong Field(string[] fields, string key) => StatText.Number(Text(fields, key));

    private static double Percent(string[] fields, string key) =>
        double.TryParse(Text(fields, key), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static ReadOnlySpan<char> Text(string[] fields, string key)
    {
        foreach (var field in fields)
        {
            if (field.StartsWith(key, StringComparison.Ordinal))
            {
                return field.AsSpan(key.Length);
            }
        }

        return "";
    }
}
