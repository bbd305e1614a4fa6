namespace CriShim.Cgroups;

/// <summary>Which counters to read: every part costs one to four file reads (~10 µs each).</summary>
[Flags]
public enum StatsParts
{
    None = 0,

    /// <summary>CPU time used.</summary>
    Cpu = 1,

    /// <summary>Memory and swap.</summary>
    Memory = 2,
    Pids = 4,
    Io = 8,
    Hugetlb = 16,

    /// <summary>Pressure stall information of the parts that are asked for (v2).</summary>
    Pressure = 32,

    /// <summary>User and system time, throttling, peak, hits of the limit.</summary>
    Details = 64,
    All = Cpu | Memory | Pids | Io | Hugetlb | Pressure | Details,
}
