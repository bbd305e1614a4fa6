using CriShim.CriServer.Containers;
using CriShim.CriServer.Sandboxes;

namespace CriShim.CriServer.Services;

/// <summary>Everything that <see cref="CriRuntimeService"/> can ask for.</summary>
internal sealed record RuntimeOperations(
    StatusQuery Status,
    Action<string> UpdatePodCidr,
    ListSandboxes ListSandboxes,
    StartContainer StartContainer,
    StopContainer StopContainer,
    ListContainers ListContainers,
    ReopenLog ReopenLog,
    ExecSync ExecSync);
