namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// Cancels a download that all but stands still: fewer than <see cref="LeastBytes"/> in the limit. Only the time of waiting for the network
/// counts, not that of unpacking.
/// </summary>
internal sealed class ProgressWatch : IDisposable
{
    private const int LeastBytes = 16 * 1024;

    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stalled;
    private long _bytes;
    private TimeSpan _waited;

    public ProgressWatch(TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        _limit = limit;
        _time = time;
        _stalled = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    public void Dispose() => _stalled.Dispose();

    /// <exception cref="OperationCanceledException">It stands still, or the caller's token fired.</exception>
    public async ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer)
    {
        var read = body.ReadAsync(buffer, _stalled.Token);
        var count = read.IsCompleted ? await read : await WaitAsync(read);
        _bytes += count;
        if (_bytes >= LeastBytes)
        {
            _bytes = 0;
            _waited = TimeSpan.Zero;
        }

        return count;
    }

    /// <summary>What came in the time limit.</summary>
    public string Describe() => _bytes == 0 ? $"no byte came for {_limit.TotalSeconds} s" : $"only {_bytes} bytes came in {_limit.TotalSeconds} s";

    private async ValueTask<int> WaitAsync(ValueTask<int> read)
    {
        var began = _time.GetTimestamp();
        var left = _limit - _waited;
        _stalled.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1));
        var count = await read;
        _stalled.CancelAfter(Timeout.InfiniteTimeSpan);
        _waited += _time.GetElapsedTime(began);
        return count;
    }
}
