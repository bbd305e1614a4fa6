using System.Collections.Concurrent;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Containers;

/// <summary>
/// Ends a container: its stop signal, once however many calls overlap; after the grace SIGKILL to all its processes; done when its end is
/// recorded. The stop belongs to the container: a caller that leaves does not end it, a later call with a shorter grace hastens it.
/// </summary>
internal sealed class StopContainer(ContainerStore containers, LiveContainers live, TimeProvider time)
{
    /// <summary>A longer grace is cut to this: timers hold no more.</summary>
    private const long MaxGraceSeconds = 40L * 24 * 3600;

    private readonly ConcurrentDictionary<string, StopUnderWay> _underWay = new(StringComparer.Ordinal);

    /// <param name="graceSeconds">0: SIGKILL at once.</param>
    public async Task ExecuteAsync(string idOrPrefix, long graceSeconds, CancellationToken cancellationToken)
    {
        if (graceSeconds < 0)
        {
            throw CriException.InvalidArgument($"timeout {graceSeconds} is negative");
        }

        if (containers.Find(idOrPrefix) is not { HasExited: false, StartedAt: > 0 } container)
        {
            return; // unknown, ended, or never started: nothing runs
        }

        var grace = TimeSpan.FromSeconds(Math.Min(graceSeconds, MaxGraceSeconds));
        var fresh = new StopUnderWay(time, grace);
        var stop = _underWay.GetOrAdd(container.Id, fresh);
        if (ReferenceEquals(stop, fresh))
        {
            stop.Begin(() => RunAsync(container, stop));
        }
        else
        {
            fresh.Dispose();
            stop.Hasten(grace);
        }

        await stop.Completed.WaitAsync(cancellationToken);
    }

    private async Task RunAsync(Container container, StopUnderWay stop)
    {
        try
        {
            if (!stop.GraceOver.IsCompleted)
            {
                await live.KillAsync(container.Id, container.StopSignal, all: false);
                await Task.WhenAny(live.EndedAsync(container.Id), stop.GraceOver);
            }

            await live.DestroyAsync(container.Id);
        }
        finally
        {
            _underWay.TryRemove(container.Id, out _);
            stop.Dispose();
        }
    }
}
