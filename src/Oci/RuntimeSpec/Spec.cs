namespace CriShim.Oci.RuntimeSpec;

/// <summary>config.json of a bundle (OCI runtime-spec config.md, config-linux.md). Absent members are null.</summary>
public sealed record Spec
{
    public const string CurrentVersion = "1.3.0";

    public string OciVersion { get; init; } = CurrentVersion;
    public ProcessSpec? Process { get; init; }
    public RootSpec? Root { get; init; }
    public string? Hostname { get; init; }
    public string? Domainname { get; init; }
    public IReadOnlyList<MountSpec>? Mounts { get; init; }
    public HooksSpec? Hooks { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
    public LinuxSpec? Linux { get; init; }
}

/// <summary>The container's root filesystem. Path is absolute or relative to the bundle.</summary>
public sealed record RootSpec
{
    public string Path { get; init; } = "rootfs";
    public bool Readonly { get; init; }
}

/// <summary>One mount, applied in list order. Options are fstab's, propagation and id-map words included.</summary>
public sealed record MountSpec
{
    public required string Destination { get; init; }
    public string? Type { get; init; }
    public string? Source { get; init; }
    public IReadOnlyList<string>? Options { get; init; }
    public IReadOnlyList<IdMapping>? UidMappings { get; init; }
    public IReadOnlyList<IdMapping>? GidMappings { get; init; }
}

/// <summary>A range of ids: user_namespaces(7).</summary>
public sealed record IdMapping
{
    public uint ContainerID { get; init; }
    public uint HostID { get; init; }
    public uint Size { get; init; }
}
