using CriShim.CriServer.Errors;
using CriShim.CriServer.State;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Containers;

/// <summary>
/// Lets a created container's program begin. If it cannot, the container is EXITED with code 128 and reason StartError. The start is recorded
/// before it is asked for, so that a server killed in between asks again (<see cref="ResumeAsync"/>).
/// </summary>
internal sealed class StartContainer(ContainerStore containers, LiveContainers live, TimeProvider time)
{
    private readonly SharedOperations<string, bool> _running = new();

    public async Task ExecuteAsync(string idOrPrefix, CancellationToken cancellationToken)
    {
        var container = containers.Get(idOrPrefix);
        await _running.RunAsync(container.Id, () => StartAsync(container.Id), cancellationToken);
    }

    /// <summary>Asks again for a start that an earlier server had asked for; that it has happened already is fine.</summary>
    public async Task ResumeAsync(Container container)
    {
        try
        {
            await (live.Find(container.Id)?.StartAsync(CancellationToken.None) ?? Task.CompletedTask);
        }
        catch (RuntimeException e) when (e.Error.Kind == RuntimeErrorKind.FailedPrecondition)
        {
            // Started before the server was killed.
        }
        catch (RuntimeException e)
        {
            RecordFailure(container.Id, e.Message);
            return;
        }

        containers.Update(container.Id, c => c.HasExited ? c : c with { StartedAt = c.StartingAt });
    }

    private async Task<bool> StartAsync(string id)
    {
        var container = containers.Get(id);
        var supervisor = live.Find(id);
        if (container.State != Cri.V1.ContainerState.ContainerCreated || supervisor is null)
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"failed to start container \"{id}\": it is {StateName(container)}");
        }

        containers.Update(id, c => c with { StartingAt = time.UnixNanoseconds() });
        try
        {
            await supervisor.StartAsync(CancellationToken.None);
        }
        catch (RuntimeException e)
        {
            RecordFailure(id, e.Message);
            await live.KillAsync(id, StopSignals.Kill, all: true);
            throw new CriException(StatusMapper.ToKind(e.Error.Kind), $"failed to start container \"{id}\": {e.Message}", e);
        }

        // A short program has ended by now: then its end brought the time of its start.
        containers.Update(id, c => c.StartedAt != 0 ? c : c with { StartedAt = time.UnixNanoseconds() });
        return true;
    }

    private void RecordFailure(string id, string message) => containers.Update(id, c => c with
    {
        StartedAt = 0,
        FinishedAt = time.UnixNanoseconds(),
        ExitCode = ExitReason.StartErrorCode,
        Reason = ExitReason.StartError,
        Message = message,
    });

    private static string StateName(Container container) => container.State switch
    {
        Cri.V1.ContainerState.ContainerRunning => "running",
        Cri.V1.ContainerState.ContainerExited => "exited",
        _ => "being removed",
    };
}
