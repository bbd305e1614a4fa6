using System.Collections.Concurrent;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.State;
using CriShim.Runtime.Contract;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Containers;

/// <summary>
/// The connections to supervisors, and what follows from their ends: every container that ends, ends here. When a connection breaks
/// without an exit, the exit record on disk is asked, then the supervisor once more; if it is gone too, nobody saw the end.
/// </summary>
internal sealed class LiveContainers(
    ContainerStore containers, IRuntimeClient runtime, StateLayout layout, ContainerCgroups cgroups, TimeProvider time, ILogger<LiveContainers> log)
{
    private static readonly TimeSpan s_reconnectDelay = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<string, Live> _live = new(StringComparer.Ordinal);

    private sealed record Live(ISupervisor Supervisor, Task Ended);

    /// <summary>Begins to wait for the container's end.</summary>
    public void Add(string containerId, ISupervisor supervisor)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _live[containerId] = new Live(supervisor, ended.Task);
        _ = Task.Run(() => FollowAsync(containerId, supervisor, ended));
    }

    /// <summary>The way to the container's supervisor; null when the container has ended.</summary>
    public ISupervisor? Find(string containerId) => _live.GetValueOrDefault(containerId)?.Supervisor;

    /// <summary>Ends when the container's end is in the store; at once when it has ended.</summary>
    public Task EndedAsync(string containerId) => _live.GetValueOrDefault(containerId)?.Ended ?? Task.CompletedTask;

    /// <summary>Sends a signal; a container that has ended needs none.</summary>
    public async Task KillAsync(string containerId, int signal, bool all)
    {
        try
        {
            if (Find(containerId) is { } supervisor)
            {
                await supervisor.KillAsync(signal, all, CancellationToken.None);
            }
        }
        catch (RuntimeException e) when (e.Error.Kind is RuntimeErrorKind.Unavailable or RuntimeErrorKind.NotFound or RuntimeErrorKind.FailedPrecondition)
        {
            // Ending by itself: the exit follows.
        }
    }

    /// <summary>Ends the container whatever it does, and waits for it; also one whose supervisor cannot be reached.</summary>
    public async Task DestroyAsync(string containerId)
    {
        if (Find(containerId) is null && containers.Find(containerId) is { HasExited: false } unreachable)
        {
            cgroups.RemoveOf(containerId, unreachable.CgroupPath);
            RecordExit(containerId, ExitRecordFile.Read(layout, containerId));
            return;
        }

        await KillAsync(containerId, StopSignals.Kill, all: true);
        await EndedAsync(containerId);
    }

    /// <summary>Puts an end into the store; null: nobody saw it.</summary>
    public void RecordExit(string containerId, ExitRecord? exit)
    {
        Container End(Container c) => c.HasExited ? c : exit is null ? WithUnknownEnd(c) : WithEnd(c, exit);
        try
        {
            containers.Update(containerId, End);
        }
        catch (IOException e)
        {
            // A full disk must not keep a dead container running in the client's eyes.
            containers.UpdateUnrecorded(containerId, End);
            ContainersLog.ExitNotRecorded(log, containerId, e);
        }
    }

    private async Task FollowAsync(string containerId, ISupervisor supervisor, TaskCompletionSource ended)
    {
        try
        {
            var exit = await WaitForExitAsync(containerId, supervisor);
            if (exit is null)
            {
                ContainersLog.SupervisorLost(log, containerId);
                cgroups.RemoveOf(containerId, containers.Find(containerId)?.CgroupPath);
            }

            RecordExit(containerId, exit);
            ContainersLog.Exited(log, containerId, exit?.ExitCode ?? ExitReason.UnknownCode, exit?.OomKilled ?? false);
        }
        catch (Exception e)
        {
            ContainersLog.FollowFailed(log, containerId, e);
        }
        finally
        {
            _live.TryRemove(containerId, out _);
            ended.TrySetResult();
        }
    }

    private async Task<ExitRecord?> WaitForExitAsync(string containerId, ISupervisor supervisor)
    {
        var current = supervisor;
        for (var attempt = 1; ; attempt++)
        {
            if (attempt > 1)
            {
                await Task.Delay(s_reconnectDelay * (attempt - 2), time);
            }

            var exit = await current.Exited ?? ExitRecordFile.Read(layout, containerId);
            current.Dispose();
            if (exit is not null || await runtime.ConnectAsync(containerId, supervisor.Record, CancellationToken.None) is not { } again)
            {
                return exit ?? ExitRecordFile.Read(layout, containerId);
            }

            current = again;
            _live.AddOrUpdate(containerId, static (_, _) => throw new InvalidOperationException(), (_, live, next) => live with { Supervisor = next }, again);
        }
    }

    /// <summary>The server may come to note the start of a short program when that has ended: then the supervisor's time counts.</summary>
    private static Container WithEnd(Container container, ExitRecord exit) => container with
    {
        StartedAt = container.StartedAt == 0 || container.StartedAt > exit.FinishedAt ? exit.StartedAt : container.StartedAt,
        FinishedAt = exit.FinishedAt,
        ExitCode = exit.ExitCode,
        Reason = ExitReason.Of(exit),
    };

    private Container WithUnknownEnd(Container container) => container with
    {
        FinishedAt = time.UnixNanoseconds(),
        ExitCode = ExitReason.UnknownCode,
        Reason = ExitReason.Unknown,
        Message = "the container ended while nobody watched",
    };
}
