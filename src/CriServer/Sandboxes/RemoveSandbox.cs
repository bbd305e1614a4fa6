using CriShim.CriServer.Containers;
using CriShim.CriServer.State;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Sandboxes;

/// <summary>Forgets a pod with all its containers; stops it first where it runs. Idempotent. The logs are the client's.</summary>
internal sealed class RemoveSandbox(
    SandboxStore sandboxes,
    ContainerStore containers,
    NameRegistry names,
    StopSandbox stop,
    RemoveContainer removeContainer,
    CheckpointFolder<SandboxCheckpoint> records,
    ILogger<RemoveSandbox> log)
{
    private readonly SharedOperations<string, bool> _running = new(StringComparer.Ordinal);

    public async Task ExecuteAsync(string idOrPrefix, CancellationToken cancellationToken)
    {
        if (sandboxes.Find(idOrPrefix) is { } sandbox)
        {
            await _running.RunAsync(sandbox.Id, () => RemoveAsync(sandbox), cancellationToken);
        }
    }

    private async Task<bool> RemoveAsync(Sandbox sandbox)
    {
        await stop.ExecuteAsync(sandbox.Id, CancellationToken.None);
        await Task.WhenAll(containers.OfSandbox(sandbox.Id).Select(c => removeContainer.ExecuteAsync(c.Id, CancellationToken.None)));

        // Hidden first: a change that comes now must not write the record again.
        sandboxes.Remove(sandbox.Id);
        records.Delete(sandbox.Id);
        names.Release(SandboxName.Of(sandbox.Config.Metadata), sandbox.Id);
        SandboxesLog.Removed(log, sandbox.Id);
        return true;
    }
}
