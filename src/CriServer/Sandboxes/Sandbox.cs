using CriShim.Cri.V1;

namespace CriShim.CriServer.Sandboxes;

/// <summary>
/// A pod sandbox at one moment. Its state follows from its times:
/// <code>
/// created --(RunSandbox done)--> ReadyAt set: READY --(StopSandbox begins, or its namespaces are gone)--> StoppedAt set: NOTREADY
/// </code>
/// </summary>
internal sealed record Sandbox
{
    public required string Id { get; init; }

    /// <summary>As given by the client; never changed.</summary>
    public required PodSandboxConfig Config { get; init; }

    public required string RuntimeHandler { get; init; }

    /// <summary>Unix time in ns.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>Unix time in ns; 0 while it is being made.</summary>
    public long ReadyAt { get; init; }

    /// <summary>Unix time in ns; 0 while it runs.</summary>
    public long StoppedAt { get; init; }

    /// <summary>All that stopping undoes is undone.</summary>
    public bool Released { get; init; }

    /// <summary>Of the pod's network interface, the first one primary; empty on the host's network.</summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];

    /// <summary>SELinux level of the pod's own; null where the kernel runs without SELinux.</summary>
    public string? SelinuxLevel { get; init; }

    /// <summary>First process of the pod's PID namespace, with its start time (proc(5), stat field 22); 0 without one.</summary>
    public int InitPid { get; init; }

    public ulong InitStartTime { get; init; }

    public bool IsReady => ReadyAt != 0 && StoppedAt == 0;

    public PodSandboxState State => IsReady ? PodSandboxState.SandboxReady : PodSandboxState.SandboxNotready;

    /// <summary>Absent in the config where all are the defaults: then each namespace is the pod's own.</summary>
    public NamespaceOption Namespaces => Config.Linux?.SecurityContext?.NamespaceOptions ?? s_defaultNamespaces;

    public bool OnHostNetwork => Namespaces.Network == NamespaceMode.Node;

    private static readonly NamespaceOption s_defaultNamespaces = new();
}
