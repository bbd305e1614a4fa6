using CriShim.Cri.V1;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Containers;

/// <summary>
/// A container at one moment. Its state follows from its times:
/// <code>
/// CREATED --(StartedAt)--> RUNNING --(FinishedAt)--> EXITED
///    \---(FinishedAt: start failed, or killed before it)---^
/// </code>
/// </summary>
internal sealed record Container
{
    public required string Id { get; init; }

    public required string SandboxId { get; init; }

    /// <summary>As given by the client; never changed.</summary>
    public required ContainerConfig Config { get; init; }

    /// <summary>Name in the registry: the container's within its sandbox's.</summary>
    public required string Name { get; init; }

    /// <summary>Digest of the image's config, "sha256:…": PullImage's answer.</summary>
    public required string ImageId { get; init; }

    /// <summary>The image for people: a tag where it has one.</summary>
    public required string ImageName { get; init; }

    /// <summary>Repository digest of the image where it has one, else its id.</summary>
    public required string ImageReference { get; init; }

    /// <summary>Ids of the images that it has as volumes, in the order of the config's mounts of images.</summary>
    public IReadOnlyList<string> VolumeImages { get; init; } = [];

    /// <summary>Absolute; null: no log.</summary>
    public string? LogPath { get; init; }

    /// <summary>Number of the signal that StopContainer begins with.</summary>
    public required int StopSignal { get; init; }

    /// <summary>Ids that the program starts with; null until they are resolved.</summary>
    public LinuxContainerUser? User { get; init; }

    /// <summary>Limits in force: those of <see cref="Config"/> and what UpdateContainerResources changed since. Null: none were ever given.</summary>
    public LinuxContainerResources? Resources { get; init; }

    /// <summary>Path of its cgroup below each hierarchy's root.</summary>
    public string CgroupPath { get; init; } = "";

    /// <summary>Null until it is created.</summary>
    public SupervisorRecord? Supervisor { get; init; }

    /// <summary>Unix time in ns.</summary>
    public required long CreatedAt { get; init; }

    /// <summary>When StartContainer was begun; with no <see cref="StartedAt"/> after a restart, the start has to be asked for again.</summary>
    public long StartingAt { get; init; }

    /// <summary>Unix time in ns; 0: not yet.</summary>
    public long StartedAt { get; init; }

    /// <inheritdoc cref="StartedAt"/>
    public long FinishedAt { get; init; }

    /// <summary>0 to 255; 128 + signal where a signal ended it.</summary>
    public int ExitCode { get; init; }

    /// <summary>One word: why it ended.</summary>
    public string Reason { get; init; } = "";

    /// <summary>For people.</summary>
    public string Message { get; init; } = "";

    public ContainerState State =>
        FinishedAt != 0 ? ContainerState.ContainerExited
        : StartedAt != 0 ? ContainerState.ContainerRunning
        : ContainerState.ContainerCreated;

    public bool HasExited => FinishedAt != 0;
}
