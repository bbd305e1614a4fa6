namespace CriShim.CriServer.Configuration;

/// <summary>How images are pulled and kept.</summary>
public sealed record ImageOptions
{
    /// <summary>Folders of registry hosts, <c>FOLDER/HOST/hosts.toml</c>; the first one that knows a host is used. Read at each pull.</summary>
    public IReadOnlyList<string> RegistryConfigFolders { get; init; } = ["/etc/crishim/certs.d", "/etc/containerd/certs.d"];

    /// <summary>Layers of one pull fetched and unpacked at the same time.</summary>
    public int MaxConcurrentLayers { get; init; } = 3;

    /// <summary>Images pulled at the same time; others wait.</summary>
    public int MaxConcurrentPulls { get; init; } = 8;

    /// <summary>Pulls that may wait for their turn; more are refused.</summary>
    public int MaxQueuedPulls { get; init; } = 256;

    /// <summary>A pull that nobody waits for is ended after so long.</summary>
    public int AbandonedPullSeconds { get; init; } = 600;

    /// <summary>Until a registry host answers the connection.</summary>
    public int ConnectTimeoutSeconds { get; init; } = 5;

    /// <summary>Until a registry host has sent the headers of its answer.</summary>
    public int ResponseTimeoutSeconds { get; init; } = 30;

    /// <summary>Without a byte of a download for so long, it has failed.</summary>
    public int ProgressTimeoutSeconds { get; init; } = 60;

    /// <summary>Bytes of one layer's files at most.</summary>
    public long MaxLayerBytes { get; init; } = 64L << 30;

    /// <summary>Names of images that the kubelet should not remove; a trailing <c>*</c> matches any rest.</summary>
    public IReadOnlyList<string> PinnedImages { get; init; } = [];

    /// <summary>Path of a signature policy, containers-policy.json(5); empty: every image is accepted. Read at start.</summary>
    public string SignaturePolicy { get; init; } = "";

    /// <summary>auto, overlay or copy: how a container's root is made from its layers.</summary>
    public string Snapshotter { get; init; } = "auto";

    /// <summary>Bytes that one container may write to its root; 0: no limit. Needs project quotas (ext4 or xfs mounted with prjquota).</summary>
    public long ContainerQuotaBytes { get; init; }
}
