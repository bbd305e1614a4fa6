namespace CriShim.CriServer.Images;

/// <summary>
/// A pull under way, for all who want its image. A caller may leave, and the work goes on for the next who asks; when nobody waits for
/// <paramref name="abandonedAfter"/>, it is ended.
/// </summary>
internal sealed class RunningPull(TimeSpan abandonedAfter, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private Task<Image>? _work;
    private ITimer? _abandoned;
    private int _waiters = 1;
    private bool _ended;

    public PullProgress Progress { get; } = new();

    /// <summary>Fires when nobody waited for too long, or by <see cref="Stop"/>.</summary>
    public CancellationToken Token => _stop.Token;

    /// <summary>Called once, by who made this, who also counts as one that waits.</summary>
    public void Start(Func<RunningPull, Task<Image>> work)
    {
        _abandoned = time.CreateTimer(_ => EndIfAbandoned(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _work = Task.Run(() => work(this), CancellationToken.None);
    }

    /// <summary>Counts one more who waits; false when the pull has ended or is about to.</summary>
    public bool TryJoin()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return false;
            }

            _waiters++;
            _abandoned!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return true;
        }
    }

    /// <summary>Called once by each who joined.</summary>
    /// <exception cref="OperationCanceledException">The caller's token fired; the message tells the stage that the pull had reached.</exception>
    public async Task<Image> WaitAsync(CancellationToken callerToken)
    {
        try
        {
            return await _work!.WaitAsync(callerToken);
        }
        catch (OperationCanceledException e) when (!_work!.IsCompleted)
        {
            throw new OperationCanceledException($"gave up while {Progress.Stage}: the work goes on, and a retry joins it", e, callerToken);
        }
        finally
        {
            Leave();
        }
    }

    public void Stop() => _stop.Cancel();

    /// <summary>Returns when the pull has ended, whatever came of it.</summary>
    public async Task WhenEndedAsync() => await ((Task)_work!).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>The work is done: nobody can join any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            _abandoned!.Dispose();
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_waiters == 0 && !_ended)
            {
                _abandoned!.Change(abandonedAfter, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void EndIfAbandoned()
    {
        lock (_gate)
        {
            if (_waiters > 0 || _ended)
            {
                return;
            }

            _ended = true;
        }

        Stop();
    }
}
