using CriShim.Cri.V1;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Containers.Dumps;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.Streaming;

namespace CriShim.CriServer.Services;

/// <summary>Everything that <see cref="CriRuntimeService"/> can ask for.</summary>
internal sealed record RuntimeOperations(
    StatusQuery Status,
    Action<string> UpdatePodCidr,
    CgroupDriver CgroupDriver,
    RunSandbox RunSandbox,
    StopSandbox StopSandbox,
    RemoveSandbox RemoveSandbox,
    UpdateSandboxResources UpdateSandboxResources,
    SandboxStatusQuery SandboxStatus,
    ListSandboxes ListSandboxes,
    CreateContainer CreateContainer,
    StartContainer StartContainer,
    StopContainer StopContainer,
    RemoveContainer RemoveContainer,
    UpdateResources UpdateResources,
    ListContainers ListContainers,
    ContainerStatusQuery ContainerStatus,
    ReopenLog ReopenLog,
    CheckpointContainer CheckpointContainer,
    ExecSync ExecSync,
    OpenSession OpenSession);
