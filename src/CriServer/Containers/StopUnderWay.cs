namespace CriShim.CriServer.Containers;

/// <summary>One container's stop: when its grace is over, and its end.</summary>
internal sealed class StopUnderWay : IDisposable
{
    private readonly TaskCompletionSource _graceOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Task> _work = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ITimer? _timer;
    private DateTimeOffset _deadline;
    private bool _disposed;

    public StopUnderWay(TimeProvider time, TimeSpan grace)
    {
        _time = time;
        _deadline = time.GetUtcNow() + grace;
        if (grace == TimeSpan.Zero)
        {
            _graceOver.SetResult();
        }
        else
        {
            _timer = time.CreateTimer(_ => _graceOver.TrySetResult(), null, grace, Timeout.InfiniteTimeSpan);
        }

        Completed = WaitAsync();
    }

    /// <summary>Ends when no more patience is due.</summary>
    public Task GraceOver => _graceOver.Task;

    /// <summary>Ends as the work of <see cref="Begin"/> ends.</summary>
    public Task Completed { get; }

    /// <summary>Starts the work; once.</summary>
    public void Begin(Func<Task> work) => _work.SetResult(Task.Run(work));

    /// <summary>A later caller has less patience; more does not count.</summary>
    public void Hasten(TimeSpan grace)
    {
        lock (_gate)
        {
            var deadline = _time.GetUtcNow() + grace;
            if (_disposed || deadline >= _deadline)
            {
                return;
            }

            _deadline = deadline;
            if (grace == TimeSpan.Zero)
            {
                _graceOver.TrySetResult();
            }
            else
            {
                _timer?.Change(grace, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _timer?.Dispose();
        }
    }

    private async Task WaitAsync() => await await _work.Task;
}
