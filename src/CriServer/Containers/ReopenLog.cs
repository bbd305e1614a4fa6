using CriShim.CriServer.Errors;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Containers;

/// <summary>Has a running container's log go on in a new file at the same path, the old one having been renamed. After an error there is no new file.</summary>
internal sealed class ReopenLog(ContainerStore containers, LiveContainers live)
{
    public async Task ExecuteAsync(string idOrPrefix, CancellationToken cancellationToken)
    {
        var container = containers.Get(idOrPrefix);
        if (container.State != Cri.V1.ContainerState.ContainerRunning || live.Find(container.Id) is not { } supervisor)
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"failed to reopen log of container \"{container.Id}\": it is not running");
        }

        try
        {
            await supervisor.ReopenLogAsync(cancellationToken);
        }
        catch (RuntimeException e)
        {
            throw new CriException(StatusMapper.ToKind(e.Error.Kind), $"failed to reopen log of container \"{container.Id}\": {e.Message}", e);
        }
    }
}
