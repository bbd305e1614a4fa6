using System.Text.Json.Serialization;

namespace CriShim.Oci.RuntimeSpec;

/// <summary>Cgroup limits (config-linux.md, "Control groups"). Null leaves a setting as it is.</summary>
public sealed record ResourcesSpec
{
    public IReadOnlyList<DeviceRuleSpec>? Devices { get; init; }
    public MemorySpec? Memory { get; init; }
    public CpuSpec? Cpu { get; init; }
    public PidsSpec? Pids { get; init; }
    [JsonPropertyName("blockIO")]
    public BlockIoSpec? BlockIO { get; init; }
    public IReadOnlyList<HugepageLimitSpec>? HugepageLimits { get; init; }
    public NetworkSpec? Network { get; init; }
    public IReadOnlyDictionary<string, RdmaSpec>? Rdma { get; init; }

    /// <summary>cgroup v2 files written raw: name to value.</summary>
    public IReadOnlyDictionary<string, string>? Unified { get; init; }
}

/// <summary>An entry of the device white list. Type: a c b. Access: of r, w, m. Null major or minor: all.</summary>
public sealed record DeviceRuleSpec
{
    public bool Allow { get; init; }
    public string? Type { get; init; }
    public long? Major { get; init; }
    public long? Minor { get; init; }
    public string? Access { get; init; }
}

/// <summary>Bytes; -1 is unlimited. Swap is memory plus swap, as in cgroup v1.</summary>
public sealed record MemorySpec
{
    public long? Limit { get; init; }
    public long? Reservation { get; init; }
    public long? Swap { get; init; }
    public long? Kernel { get; init; }
    public long? KernelTCP { get; init; }
    public ulong? Swappiness { get; init; }
    public bool? DisableOOMKiller { get; init; }
    public bool? UseHierarchy { get; init; }
    public bool? CheckBeforeUpdate { get; init; }
}

/// <summary>Shares in v1 units (2 to 262144); quota, period, burst and realtime in microseconds.</summary>
public sealed record CpuSpec
{
    public ulong? Shares { get; init; }
    public long? Quota { get; init; }
    public ulong? Burst { get; init; }
    public ulong? Period { get; init; }
    public long? RealtimeRuntime { get; init; }
    public ulong? RealtimePeriod { get; init; }
    public string? Cpus { get; init; }
    public string? Mems { get; init; }
    public long? Idle { get; init; }
}

/// <summary>Number of tasks; 0 or less is unlimited.</summary>
public sealed record PidsSpec
{
    public long Limit { get; init; }
}

/// <summary>Block I/O weights (10 to 1000) and throttles.</summary>
public sealed record BlockIoSpec
{
    public ushort? Weight { get; init; }
    public ushort? LeafWeight { get; init; }
    public IReadOnlyList<WeightDeviceSpec>? WeightDevice { get; init; }
    public IReadOnlyList<ThrottleDeviceSpec>? ThrottleReadBpsDevice { get; init; }
    public IReadOnlyList<ThrottleDeviceSpec>? ThrottleWriteBpsDevice { get; init; }
    [JsonPropertyName("throttleReadIOPSDevice")]
    public IReadOnlyList<ThrottleDeviceSpec>? ThrottleReadIopsDevice { get; init; }
    [JsonPropertyName("throttleWriteIOPSDevice")]
    public IReadOnlyList<ThrottleDeviceSpec>? ThrottleWriteIopsDevice { get; init; }
}

public sealed record WeightDeviceSpec
{
    public long Major { get; init; }
    public long Minor { get; init; }
    public ushort? Weight { get; init; }
    public ushort? LeafWeight { get; init; }
}

/// <summary>Rate in bytes or operations per second.</summary>
public sealed record ThrottleDeviceSpec
{
    public long Major { get; init; }
    public long Minor { get; init; }
    public ulong Rate { get; init; }
}

/// <summary>PageSize as the kernel writes it (2MB, 1GB); limit in bytes.</summary>
public sealed record HugepageLimitSpec
{
    public required string PageSize { get; init; }
    public ulong Limit { get; init; }
}

/// <summary>net_cls class id and net_prio priorities.</summary>
public sealed record NetworkSpec
{
    public uint? ClassID { get; init; }
    public IReadOnlyList<InterfacePrioritySpec>? Priorities { get; init; }
}

public sealed record InterfacePrioritySpec
{
    public required string Name { get; init; }
    public uint Priority { get; init; }
}

public sealed record RdmaSpec
{
    public uint? HcaHandles { get; init; }
    public uint? HcaObjects { get; init; }
}
