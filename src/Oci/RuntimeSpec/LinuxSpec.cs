using System.Text.Json.Serialization;

namespace CriShim.Oci.RuntimeSpec;

/// <summary>config-linux.md.</summary>
public sealed record LinuxSpec
{
    public IReadOnlyList<NamespaceSpec>? Namespaces { get; init; }
    public IReadOnlyList<IdMapping>? UidMappings { get; init; }
    public IReadOnlyList<IdMapping>? GidMappings { get; init; }
    public IReadOnlyDictionary<string, TimeOffsetSpec>? TimeOffsets { get; init; }
    public IReadOnlyList<DeviceSpec>? Devices { get; init; }
    public string? CgroupsPath { get; init; }
    public ResourcesSpec? Resources { get; init; }
    public string? RootfsPropagation { get; init; }
    public SeccompSpec? Seccomp { get; init; }
    public IReadOnlyDictionary<string, string>? Sysctl { get; init; }
    public IReadOnlyList<string>? MaskedPaths { get; init; }
    public IReadOnlyList<string>? ReadonlyPaths { get; init; }
    public string? MountLabel { get; init; }
    public PersonalitySpec? Personality { get; init; }
    public MemoryPolicySpec? MemoryPolicy { get; init; }

    /// <summary>Interfaces of the host to move into the container's network namespace, by their name on the host.</summary>
    public IReadOnlyDictionary<string, NetDeviceSpec>? NetDevices { get; init; }

    public IntelRdtSpec? IntelRdt { get; init; }
}

/// <summary>A namespace to make, or to join when a path is given. Type: pid network mount ipc uts user cgroup time.</summary>
public sealed record NamespaceSpec
{
    public required string Type { get; init; }
    public string? Path { get; init; }
}

/// <summary>time_namespaces(7).</summary>
public sealed record TimeOffsetSpec
{
    public long Secs { get; init; }
    public uint Nanosecs { get; init; }
}

/// <summary>A device node to make. Type: c b u p. FileMode is octal bits.</summary>
public sealed record DeviceSpec
{
    public required string Path { get; init; }
    public required string Type { get; init; }
    public long Major { get; init; }
    public long Minor { get; init; }
    public uint? FileMode { get; init; }
    public uint? Uid { get; init; }
    public uint? Gid { get; init; }
}

/// <summary>set_mempolicy(2). Nodes is a list, "0-3,7".</summary>
public sealed record MemoryPolicySpec
{
    public required string Mode { get; init; }
    public string? Nodes { get; init; }
    public IReadOnlyList<string>? Flags { get; init; }
}

/// <summary>Name inside the container; null: as on the host.</summary>
public sealed record NetDeviceSpec
{
    public string? Name { get; init; }
}

/// <summary>Cache and memory bandwidth by resctrl (config-linux.md, "IntelRdt").</summary>
public sealed record IntelRdtSpec
{
    [JsonPropertyName("closID")]
    public string? ClosId { get; init; }

    public string? L3CacheSchema { get; init; }
    public string? MemBwSchema { get; init; }
    public IReadOnlyList<string>? Schemata { get; init; }
    public bool? EnableMonitoring { get; init; }

    /// <summary>In CDI files up to version 1.0, as <see cref="EnableMbm"/>.</summary>
    [JsonPropertyName("enableCMT")]
    public bool? EnableCmt { get; init; }

    [JsonPropertyName("enableMBM")]
    public bool? EnableMbm { get; init; }

    /// <summary>The kernel cannot count one thing alone.</summary>
    [JsonIgnore]
    public bool IsMonitored => EnableMonitoring is true || EnableCmt is true || EnableMbm is true;
}

/// <summary>personality(2).</summary>
public sealed record PersonalitySpec
{
    public required string Domain { get; init; }
    public IReadOnlyList<string>? Flags { get; init; }
}

/// <summary>seccomp(2) filter by names, as libseccomp takes it (config-linux.md, "Seccomp").</summary>
public sealed record SeccompSpec
{
    public required string DefaultAction { get; init; }
    public uint? DefaultErrnoRet { get; init; }
    public IReadOnlyList<string>? Architectures { get; init; }
    public IReadOnlyList<string>? Flags { get; init; }
    public string? ListenerPath { get; init; }
    public string? ListenerMetadata { get; init; }
    public IReadOnlyList<SeccompSyscallSpec>? Syscalls { get; init; }
}

public sealed record SeccompSyscallSpec
{
    public required IReadOnlyList<string> Names { get; init; }
    public required string Action { get; init; }
    public uint? ErrnoRet { get; init; }
    public IReadOnlyList<SeccompArgSpec>? Args { get; init; }
}

public sealed record SeccompArgSpec
{
    public uint Index { get; init; }
    public ulong Value { get; init; }
    public ulong ValueTwo { get; init; }
    public required string Op { get; init; }
}
