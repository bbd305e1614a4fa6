using System.Buffers;

namespace CriShim.Spdy;

/// <summary>
/// Writes a connection's frames. Data frames wait for the client to take them. Control frames are queued and never wait: they are
/// written by the thread that reads, and a client may well not read before it is read from.
/// </summary>
/// <param name="ended">Cancels what waits.</param>
internal sealed class FrameOutput(Stream stream, int maxQueued, CancellationToken ended) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private ArrayBufferWriter<byte> _queue = new();
    private ArrayBufferWriter<byte> _spare = new();
    private bool _flushing;

    public void Dispose() => _turn.Dispose();

    /// <summary>Has a control frame written before any data frame that is sent after this call.</summary>
    /// <returns>False when too many wait already: the client does not take them.</returns>
    public bool TryEnqueue(ReadOnlySpan<byte> frame)
    {
        lock (_gate)
        {
            if (_queue.WrittenCount + frame.Length > maxQueued)
            {
                return false;
            }

            _queue.Write(frame);
            if (_flushing)
            {
                return true;
            }

            _flushing = true;
        }

        _ = FlushInBackgroundAsync();
        return true;
    }

    /// <summary>Writes a data frame after the control frames that wait.</summary>
    /// <exception cref="IOException">The client is gone.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> frame)
    {
        try
        {
            await _turn.WaitAsync(ended);
            try
            {
                await WriteQueuedAsync();
                if (frame.Length > 0)
                {
                    await stream.WriteAsync(frame, ended);
                }
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException e)
        {
            throw new IOException("connection has ended", e);
        }
    }

    /// <summary>Writes the control frames that wait.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public ValueTask FlushAsync() => WriteAsync(ReadOnlyMemory<byte>.Empty);

    private async Task FlushInBackgroundAsync()
    {
        try
        {
            await FlushAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The reader finds the end of the connection too, and says so.
        }
    }

    private async ValueTask WriteQueuedAsync()
    {
        ArrayBufferWriter<byte> queued;
        lock (_gate)
        {
            _flushing = false;
            if (_queue.WrittenCount == 0)
            {
                return;
            }

            queued = _queue;
            _queue = _spare;
            _spare = queued;
        }

        await stream.WriteAsync(queued.WrittenMemory, ended);
        queued.ResetWrittenCount();
    }
}
