using CriShim.CriServer.State;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Containers;

/// <summary>Forgets a container with all that was made for it; ends it by force where it runs. Idempotent. The log is the client's.</summary>
internal sealed class RemoveContainer(
    ContainerStore containers,
    LiveContainers live,
    NameRegistry names,
    ContainerFiles files,
    ILogger<RemoveContainer> log)
{
    private readonly SharedOperations<string, bool> _running = new(StringComparer.Ordinal);

    public async Task ExecuteAsync(string idOrPrefix, CancellationToken cancellationToken)
    {
        if (containers.Find(idOrPrefix) is { } container)
        {
            await _running.RunAsync(container.Id, () => RemoveAsync(container), cancellationToken);
        }
    }

    private async Task<bool> RemoveAsync(Container container)
    {
        await live.DestroyAsync(container.Id);
        files.RemoveWorkingFiles(container.Id);

        // Hidden before its record goes: a change that comes now must not write the record again.
        containers.Remove(container.Id);
        files.RemoveRecord(container.Id);
        names.Release(container.Name, container.Id);
        ContainersLog.Removed(log, container.Id);
        return true;
    }
}
