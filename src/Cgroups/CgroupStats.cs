namespace CriShim.Cgroups;

/// <summary>A reading of a cgroup's counters. Parts whose controller is absent are null.</summary>
public sealed record CgroupStats
{
    public CpuStats? Cpu { get; init; }
    public MemoryStats? Memory { get; init; }
    public PidsStats? Pids { get; init; }
    public IReadOnlyList<IoStats> Io { get; init; } = [];
    public PressureStats? IoPressure { get; init; }
    public IReadOnlyList<HugetlbStats> Hugetlb { get; init; } = [];
}

/// <summary>Nanoseconds of CPU time; periods are counts.</summary>
public sealed record CpuStats
{
    public ulong UsageNanoseconds { get; init; }
    public ulong UserNanoseconds { get; init; }
    public ulong SystemNanoseconds { get; init; }
    public ulong Periods { get; init; }
    public ulong ThrottledPeriods { get; init; }
    public ulong ThrottledNanoseconds { get; init; }
    public PressureStats? Pressure { get; init; }
}

/// <summary>Bytes; faults are counts. Limits are <see cref="ulong.MaxValue"/> when there is none.</summary>
public sealed record MemoryStats
{
    public ulong UsageBytes { get; init; }

    /// <summary>Highest usage so far; 0 where the kernel does not say (v2 before 5.19).</summary>
    public ulong PeakBytes { get; init; }
    public ulong LimitBytes { get; init; }

    /// <summary>What cannot be given back without swapping: usage less inactive file pages (cAdvisor's working set).</summary>
    public ulong WorkingSetBytes { get; init; }

    /// <summary>Anonymous memory.</summary>
    public ulong RssBytes { get; init; }
    public ulong CacheBytes { get; init; }
    public ulong MappedFileBytes { get; init; }
    public ulong KernelBytes { get; init; }

    /// <summary>Swapped-out bytes, without memory.</summary>
    public ulong SwapBytes { get; init; }

    /// <summary>Limit of swap without memory.</summary>
    public ulong SwapLimitBytes { get; init; }
    public ulong PageFaults { get; init; }
    public ulong MajorPageFaults { get; init; }

    /// <summary>How often the limit was hit.</summary>
    public ulong FailCount { get; init; }
    public PressureStats? Pressure { get; init; }
}

/// <summary>Tasks; Limit is <see cref="ulong.MaxValue"/> when there is none, 0 unless details are asked for.</summary>
public sealed record PidsStats(ulong Current, ulong Limit);

/// <summary>Traffic of one block device.</summary>
public sealed record IoStats(uint Major, uint Minor, ulong ReadBytes, ulong WriteBytes, ulong ReadOperations, ulong WriteOperations);

/// <summary>PageSize as the kernel writes it (2MB); bytes, and how often the limit was hit.</summary>
public sealed record HugetlbStats(string PageSize, ulong UsageBytes, ulong PeakBytes, ulong FailCount);

/// <summary>Pressure stall information (v2 only; the kernel's Documentation/accounting/psi.rst).</summary>
public sealed record PressureStats(PressureLine Some, PressureLine Full);

/// <summary>Averages in percent over 10, 60 and 300 seconds; total in microseconds.</summary>
public readonly record struct PressureLine(double Average10, double Average60, double Average300, ulong TotalMicroseconds);
