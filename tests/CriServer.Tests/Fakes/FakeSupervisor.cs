using System.Collections.Concurrent;
using CriShim.CriServer.RuntimeClient;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>A supervisor in memory: notes signals, ends when the test says so or on SIGKILL.</summary>
internal sealed class FakeSupervisor : ISupervisor
{
    private readonly TaskCompletionSource<ExitRecord?> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _signalled = new(0);

    public SupervisorRecord Record { get; init; } = new(100, 1, 101, 1);

    public Task<ExitRecord?> Exited => _exited.Task;

    public ConcurrentQueue<int> Signals { get; } = new();

    /// <summary>Thrown by <see cref="StartAsync"/>.</summary>
    public RuntimeException? StartFailure { get; init; }

    public int Starts { get; private set; }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Starts++;
        return StartFailure is null ? Task.CompletedTask : Task.FromException(StartFailure);
    }

    public Task KillAsync(int signal, bool all, CancellationToken cancellationToken)
    {
        Signals.Enqueue(signal);
        _signalled.Release();
        if (signal == 9)
        {
            Exit(137);
        }

        return Task.CompletedTask;
    }

    /// <summary>Ends when one more signal than were waited for has come.</summary>
    public Task SignalAsync() => _signalled.WaitAsync(TimeSpan.FromSeconds(10));

    public void Exit(int code, bool oom = false) => _exited.TrySetResult(new ExitRecord(code, code > 128 ? code - 128 : 0, oom, 5, 9));

    /// <summary>The connection breaks.</summary>
    public void Break() => _exited.TrySetResult(null);

    public Task ReopenLogAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<StartedExec> ExecAsync(
        ExecRequest request, IReadOnlyList<SafeFileHandle> stdio, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task ExecKillAsync(string execId, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<Task<AttachEndedEvent>> AttachAsync(
        AttachRequest request, IReadOnlyList<SafeFileHandle> pipes, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task ResizeAsync(int rows, int columns, CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
    }
}
