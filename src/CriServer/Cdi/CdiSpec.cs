using System.Text.Json.Serialization;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Cdi;

/// <summary>A file of the Container Device Interface (SPEC.md, "CDI JSON Specification"): devices of one kind, and what they change in a container.</summary>
internal sealed record CdiSpec
{
    public required string CdiVersion { get; init; }

    /// <summary>vendor/class.</summary>
    public required string Kind { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    public required IReadOnlyList<CdiDevice> Devices { get; init; }

    /// <summary>Made once when any of the devices is asked for.</summary>
    public CdiContainerEdits? ContainerEdits { get; init; }
}

internal sealed record CdiDevice
{
    public required string Name { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    public CdiContainerEdits? ContainerEdits { get; init; }
}

/// <summary>Changes to a container's OCI spec ("OCI Edits").</summary>
internal sealed record CdiContainerEdits
{
    /// <summary>NAME=value.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    public IReadOnlyList<CdiDeviceNode>? DeviceNodes { get; init; }

    public IReadOnlyList<CdiNetDevice>? NetDevices { get; init; }

    public IReadOnlyList<CdiHook>? Hooks { get; init; }

    public IReadOnlyList<CdiMount>? Mounts { get; init; }

    public IntelRdtSpec? IntelRdt { get; init; }

    public IReadOnlyList<uint>? AdditionalGids { get; init; }
}

/// <summary>What is left out is as on the host.</summary>
internal sealed record CdiDeviceNode
{
    public required string Path { get; init; }

    public string? HostPath { get; init; }

    /// <summary>b, c, u or p.</summary>
    public string? Type { get; init; }

    public long? Major { get; init; }

    public long? Minor { get; init; }

    [JsonConverter(typeof(CdiFileModeConverter))]
    public uint? FileMode { get; init; }

    /// <summary>Letters of rwm; absent: all; "none".</summary>
    public string? Permissions { get; init; }

    [JsonPropertyName("uid")]
    public uint? Uid { get; init; }

    [JsonPropertyName("gid")]
    public uint? Gid { get; init; }
}

internal sealed record CdiMount
{
    public required string HostPath { get; init; }

    public required string ContainerPath { get; init; }

    public IReadOnlyList<string>? Options { get; init; }

    public string? Type { get; init; }
}

internal sealed record CdiHook
{
    public required string HookName { get; init; }

    public required string Path { get; init; }

    public IReadOnlyList<string>? Args { get; init; }

    public IReadOnlyList<string>? Env { get; init; }

    public int? Timeout { get; init; }
}

internal sealed record CdiNetDevice
{
    public required string HostInterfaceName { get; init; }

    public required string Name { get; init; }
}
