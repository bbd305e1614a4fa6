using CriShim.CriServer.Containers;
using CriShim.CriServer.State;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Sandboxes;

/// <summary>Ends a pod: its containers by force, then its network and namespaces. Idempotent; what fails is done by the next call.</summary>
internal sealed class StopSandbox(
    SandboxStore sandboxes, ContainerStore containers, LiveContainers live, SandboxResources resources, TimeProvider time, ILogger<StopSandbox> log)
{
    private readonly SharedOperations<string, bool> _running = new(StringComparer.Ordinal);

    public async Task ExecuteAsync(string idOrPrefix, CancellationToken cancellationToken)
    {
        if (sandboxes.Find(idOrPrefix) is { Released: false } sandbox)
        {
            await _running.RunAsync(sandbox.Id, stage => StopAsync(sandbox.Id, stage), cancellationToken);
        }
    }

    private async Task<bool> StopAsync(string id, OperationStage stage)
    {
        // First of all: a CreateContainer that overlaps looks at this after it has shown its container.
        var sandbox = sandboxes.Update(id, s => s.StoppedAt != 0 ? s : s with { StoppedAt = time.UnixNanoseconds() });
        if (sandbox is null or { Released: true })
        {
            return false;
        }

        stage.Name = "ending its containers";
        await Task.WhenAll(containers.OfSandbox(id).Where(c => !c.HasExited).Select(c => live.DestroyAsync(c.Id)));

        stage.Name = "releasing its network and namespaces";
        await resources.ReleaseAsync(sandbox, CancellationToken.None);
        sandboxes.Update(id, s => s with { Released = true });
        SandboxesLog.Stopped(log, id);
        return true;
    }
}
