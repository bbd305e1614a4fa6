using System.Collections.Concurrent;
using System.Text.Json;
using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.Oci;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Containers;

/// <summary>Finds what an exec needs to know.</summary>
internal sealed class ExecTargets(ContainerStore containers, LiveContainers live, StateLayout layout)
{
    /// <summary>The process part of each container's spec, by container id: the spec with its seccomp list is large, and never changes.</summary>
    private readonly ConcurrentDictionary<string, ProcessSpec> _processes = new(StringComparer.Ordinal);

    /// <exception cref="CriException">NotFound, or FailedPrecondition: it does not run.</exception>
    public ExecTarget Get(string idOrPrefix)
    {
        var container = containers.Get(idOrPrefix);
        return container.State == ContainerState.ContainerRunning && live.Find(container.Id) is { } supervisor
            ? new ExecTarget(container.Id, supervisor, ProcessOf(container.Id))
            : throw new CriException(CriErrorKind.FailedPrecondition, $"failed to exec in container \"{container.Id}\": it is not running");
    }

    private ProcessSpec ProcessOf(string containerId)
    {
        if (_processes.TryGetValue(containerId, out var known))
        {
            return known;
        }

        var spec = JsonSerializer.Deserialize(File.ReadAllBytes(layout.ContainerSpec(containerId)), OciJsonContext.Default.Spec);
        var process = spec?.Process ?? throw new CriException(CriErrorKind.Unknown, $"failed to read spec of container \"{containerId}\"");
        _processes[containerId] = process;
        _ = live.EndedAsync(containerId).ContinueWith(
            _ => _processes.TryRemove(containerId, out var _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        return process;
    }
}
