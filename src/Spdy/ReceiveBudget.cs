namespace CriShim.Spdy;

/// <summary>
/// Bytes received and not yet consumed, of all streams of a connection. When they are too many the connection is not read: that is what
/// holds a client back that knows no flow control, and what bounds the memory of all.
/// </summary>
internal sealed class ReceiveBudget(int limit)
{
    private readonly Lock _gate = new();
    private long _held;
    private TaskCompletionSource? _room;

    public void Add(int count)
    {
        lock (_gate)
        {
            _held += count;
        }
    }

    public void Release(int count)
    {
        lock (_gate)
        {
            _held -= count;
            if (_held < limit)
            {
                _room?.TrySetResult();
                _room = null;
            }
        }
    }

    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        Task room;
        lock (_gate)
        {
            if (_held < limit)
            {
                return ValueTask.CompletedTask;
            }

            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            room = _room.Task;
        }

        return new ValueTask(room.WaitAsync(cancellationToken));
    }
}
