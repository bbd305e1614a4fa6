using System.Collections.Concurrent;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <inheritdoc cref="ISupervisor"/>
internal sealed class Supervisor : ISupervisor, INewSupervisor
{
    private readonly TaskCompletionSource<ExitRecord?> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<ExecExitedEvent>> _execs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<AttachEndedEvent>> _attached = new(StringComparer.Ordinal);
    private readonly ControlConnection _connection;

    /// <param name="connect">Makes the connection, given the receiver of its events.</param>
    public Supervisor(SupervisorRecord record, Func<Action<ControlMessage>, ControlConnection> connect)
    {
        Record = record;
        _connection = connect(OnEvent);
        _ = _connection.Closed.ContinueWith(_ => OnClosed(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    public SupervisorRecord Record { get; private set; }

    public Task<ExitRecord?> Exited => _exited.Task;

    /// <inheritdoc/>
    public async Task<ISupervisor> CreateAsync(CreateRequest request, IReadOnlyList<SafeFileHandle> mounts, CancellationToken cancellationToken)
    {
        var reply = await _connection.CallAsync(request, [.. mounts], cancellationToken);
        Record = reply.Message is CreatedReply created ? created.Supervisor : throw Unexpected(reply.Message);
        return this;
    }

    public Task StartAsync(CancellationToken cancellationToken) => CallAsync(new StartRequest(), cancellationToken);

    public Task KillAsync(int signal, bool all, CancellationToken cancellationToken) => CallAsync(new KillRequest(signal, all), cancellationToken);

    public Task ReopenLogAsync(CancellationToken cancellationToken) => CallAsync(new ReopenLogRequest(), cancellationToken);

    public async Task<StartedExec> ExecAsync(
        ExecRequest request, IReadOnlyList<SafeFileHandle> stdio, CancellationToken cancellationToken)
    {
        // Registered before the request: a short command has ended before its reply is read.
        var ended = new TaskCompletionSource<ExecExitedEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        _execs[request.ExecId] = ended;
        try
        {
            var reply = await _connection.CallAsync(request, [.. stdio], cancellationToken);
            if (_exited.Task.IsCompleted)
            {
                OnClosed();
            }

            return new StartedExec(ended.Task, reply.Fds.Count > 0 ? reply.Fds[0] : null);
        }
        catch
        {
            _execs.TryRemove(request.ExecId, out _);
            throw;
        }
    }

    public Task ExecKillAsync(string execId, CancellationToken cancellationToken) => CallAsync(new ExecKillRequest(execId), cancellationToken);

    public async Task<Task<AttachEndedEvent>> AttachAsync(
        AttachRequest request, IReadOnlyList<SafeFileHandle> pipes, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource<AttachEndedEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        _attached[request.AttachId] = ended;
        try
        {
            await _connection.CallAsync(request, [.. pipes], cancellationToken);
            return ended.Task;
        }
        catch
        {
            _attached.TryRemove(request.AttachId, out _);
            throw;
        }
    }

    public Task ResizeAsync(int rows, int columns, CancellationToken cancellationToken) =>
        CallAsync(new ResizeRequest(rows, columns), cancellationToken);

    public void Dispose() => _connection.Dispose();

    private Task<ControlConnection.Reply> CallAsync(ControlMessage request, CancellationToken cancellationToken) =>
        _connection.CallAsync(request, [], cancellationToken);

    private void OnEvent(ControlMessage message)
    {
        switch (message)
        {
            case ExitedEvent exited:
                _exited.TrySetResult(exited.Exit);
                break;
            case ExecExitedEvent exec when _execs.TryRemove(exec.ExecId, out var ended):
                ended.TrySetResult(exec);
                break;
            case AttachEndedEvent attach when _attached.TryRemove(attach.AttachId, out var detached):
                detached.TrySetResult(attach);
                break;
        }
    }

    private void OnClosed()
    {
        _exited.TrySetResult(null);
        foreach (var (id, ended) in _execs)
        {
            _execs.TryRemove(id, out _);
            ended.TrySetException(new RuntimeException(RuntimeErrorKind.Unavailable, "the container ended"));
        }
    }

    private static RuntimeException Unexpected(ControlMessage reply) =>
        new(RuntimeErrorKind.Unknown, $"unexpected reply {reply.GetType().Name}");
}
