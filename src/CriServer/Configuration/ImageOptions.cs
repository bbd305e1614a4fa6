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

    /// <summary>A download that stands still, or all but, for so long is broken off and resumed.</summary>
    public int ProgressTimeoutSeconds { get; init; } = 60;

    /// <summary>How often a registry that is busy (429, 5xx) or breaks the connection is asked again.</summary>
    public int RequestRetries { get; init; } = 4;

    /// <summary>Before it is asked again the first time; twice as long each further time.</summary>
    public int RetryDelayMilliseconds { get; init; } = 250;

    /// <summary>A registry that wants to be left alone for longer (Retry-After) is not waited for: the pull fails.</summary>
    public int MaxRetryWaitSeconds { get; init; } = 30;

    /// <summary>Whether a registry that is spoken to over TLS may redirect to plain HTTP; digests are verified all the same.</summary>
    public bool AllowPlainRedirects { get; init; }

    /// <summary>Layers of a pull that failed are kept for so long, for the next try.</summary>
    public int KeepFailedPullSeconds { get; init; } = 600;

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
