namespace CriShim.CriServer.State;

/// <summary>Operations on one object run one after the other, in the order they came; those on different objects side by side.</summary>
internal sealed class SerialOperations
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Task> _last = new(StringComparer.Ordinal);

    /// <summary>Runs it on the thread pool when all earlier ones of the same object have ended, however they did.</summary>
    public Task RunAsync(string id, Action operation)
    {
        lock (_gate)
        {
            var before = _last.GetValueOrDefault(id, Task.CompletedTask);
            var task = before.ContinueWith(
                _ => operation(), CancellationToken.None, TaskContinuationOptions.RunContinuationsAsynchronously, TaskScheduler.Default);
            _last[id] = task;
            _ = task.ContinueWith(_ => Forget(id, task), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return task;
        }
    }

    private void Forget(string id, Task task)
    {
        lock (_gate)
        {
            if (_last.GetValueOrDefault(id) == task)
            {
                _last.Remove(id);
            }
        }
    }
}
