using System.Text.Json.Serialization;

namespace CriShim.Oci.RuntimeSpec;

/// <summary>The process to run (config.md, "Process").</summary>
public sealed record ProcessSpec
{
    public bool Terminal { get; init; }
    public ConsoleSize? ConsoleSize { get; init; }
    public UserSpec User { get; init; } = new();
    public IReadOnlyList<string>? Args { get; init; }

    /// <summary>NAME=value as bytes: values need not be UTF-8, so they pass through JSON untouched.</summary>
    [JsonConverter(typeof(ByteStringListConverter))]
    public IReadOnlyList<byte[]>? Env { get; init; }

    public string Cwd { get; init; } = "/";
    public CapabilitiesSpec? Capabilities { get; init; }
    public IReadOnlyList<RlimitSpec>? Rlimits { get; init; }
    public bool NoNewPrivileges { get; init; }
    public string? ApparmorProfile { get; init; }
    public int? OomScoreAdj { get; init; }
    public string? SelinuxLabel { get; init; }
    public IoPrioritySpec? IoPriority { get; init; }
    public SchedulerSpec? Scheduler { get; init; }

    [JsonPropertyName("execCPUAffinity")]
    public ExecCpuAffinitySpec? ExecCpuAffinity { get; init; }
}

/// <summary>Terminal size in characters.</summary>
public sealed record ConsoleSize
{
    public uint Height { get; init; }
    public uint Width { get; init; }
}

/// <summary>Numeric ids inside the container. Umask is octal bits.</summary>
public sealed record UserSpec
{
    public uint Uid { get; init; }
    public uint Gid { get; init; }
    public uint? Umask { get; init; }
    public IReadOnlyList<uint>? AdditionalGids { get; init; }
}

/// <summary>The five sets of capabilities(7), names with the CAP_ prefix.</summary>
public sealed record CapabilitiesSpec
{
    public IReadOnlyList<string>? Bounding { get; init; }
    public IReadOnlyList<string>? Effective { get; init; }
    public IReadOnlyList<string>? Inheritable { get; init; }
    public IReadOnlyList<string>? Permitted { get; init; }
    public IReadOnlyList<string>? Ambient { get; init; }
}

/// <summary>setrlimit(2): type is the C constant's name (RLIMIT_NOFILE).</summary>
public sealed record RlimitSpec
{
    public required string Type { get; init; }
    public ulong Hard { get; init; }
    public ulong Soft { get; init; }
}

/// <summary>ioprio_set(2).</summary>
public sealed record IoPrioritySpec
{
    public required string Class { get; init; }
    public int Priority { get; init; }
}

/// <summary>sched_setattr(2). Runtime, deadline and period in nanoseconds.</summary>
public sealed record SchedulerSpec
{
    public required string Policy { get; init; }
    public int? Nice { get; init; }
    public int? Priority { get; init; }
    public IReadOnlyList<string>? Flags { get; init; }
    public ulong? Runtime { get; init; }
    public ulong? Deadline { get; init; }
    public ulong? Period { get; init; }
}

/// <summary>CPU lists for an exec'd process, before and after it is in the container's cgroup.</summary>
public sealed record ExecCpuAffinitySpec
{
    public string? Initial { get; init; }
    public string? Final { get; init; }
}
