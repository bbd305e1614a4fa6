using CriShim.Linux;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>
/// What the writable layers of all containers take, as it was counted last. Asking is free: it never counts, but has it counted behind the
/// caller's back when the last count is old. So a node that nobody asks does nothing, and one with large layers never spends more than a
/// fiftieth of its time on it; a kubelet, which asks every ten seconds, gets what was there ten to twenty seconds before.
/// </summary>
internal sealed class WritableUsage(SnapshotStore snapshots, TimeProvider time) : IAsyncDisposable
{
    private const int RestFactor = 50;
    private static readonly TimeSpan s_freshFor = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private Dictionary<string, DiskUsage> _counted = [];
    private DateTimeOffset _countedAt;
    private DateTimeOffset _notBefore;
    private Task _counting = Task.CompletedTask;

    /// <summary>The sum for containers that are still there, and when it was counted; at once. Never before: nothing, now.</summary>
    public (DiskUsage Usage, DateTimeOffset At) Read()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (_counting.IsCompleted && now >= _notBefore)
            {
                _counting = Task.Factory.StartNew(Count, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }

            var there = DiskUsage.Sum(snapshots.List().Select(id => _counted.GetValueOrDefault(id)));
            return (there, _countedAt == default ? now : _countedAt);
        }
    }

    /// <summary>Waits for the count in progress.</summary>
    public Task WhenCountedAsync()
    {
        lock (_gate)
        {
            return _counting;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await WhenCountedAsync();
        _closing.Dispose();
    }

    private void Count()
    {
        var started = time.GetUtcNow();
        var counted = new Dictionary<string, DiskUsage>();
        foreach (var id in snapshots.List().TakeWhile(_ => !_closing.IsCancellationRequested))
        {
            counted[id] = snapshots.UsageOf(id);
        }

        lock (_gate)
        {
            var took = time.GetUtcNow() - started;
            (_counted, _countedAt) = (counted, started);
            _notBefore = started + (took * RestFactor > s_freshFor ? took * RestFactor : s_freshFor);
        }
    }
}
