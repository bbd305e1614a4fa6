namespace CriShim.CriServer.Networking.Bridge;

/// <summary>
/// Collects what callers want removed while a removal runs, and hands it to the next one together. The kernel takes some 15 ms of waiting
/// (RCU) to remove an interface, but no more for many at once; and only one thread waits, whoever asked.
/// </summary>
/// <param name="remove">Called for one batch at a time; what it throws is thrown to all who are in the batch.</param>
internal sealed class RemovalBatches(Action<IReadOnlyList<string>> remove)
{
    private readonly Lock _gate = new();
    private List<(string Id, TaskCompletionSource Done)> _pending = [];
    private bool _running;

    /// <summary>Completes when the removal of <paramref name="id"/> has.</summary>
    public Task RemoveAsync(string id)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _pending.Add((id, done));
            if (!_running)
            {
                _running = true;
                _ = Task.Run(Drain);
            }
        }

        return done.Task;
    }

    private void Drain()
    {
        while (TakeBatch() is { } batch)
        {
            try
            {
                remove([.. batch.Select(item => item.Id)]);
                batch.ForEach(item => item.Done.SetResult());
            }
            catch (Exception e)
            {
                batch.ForEach(item => item.Done.SetException(e));
            }
        }
    }

    private List<(string Id, TaskCompletionSource Done)>? TakeBatch()
    {
        lock (_gate)
        {
            if (_pending.Count == 0)
            {
                _running = false;
                return null;
            }

            var batch = _pending;
            _pending = [];
            return batch;
        }
    }
}
