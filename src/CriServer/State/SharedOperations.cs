namespace CriShim.CriServer.State;

/// <summary>
/// Operations that belong to an object, not to a call: callers with the same key join the one that runs. A caller whose token fires
/// leaves; the work goes on and the next caller with the key gets its result.
/// </summary>
/// <remarks>A finished operation is forgotten at once: what it made is found in the stores.</remarks>
public sealed class SharedOperations<TKey, TResult>
    where TKey : notnull
{
    private readonly Dictionary<TKey, Task<TResult>> _running;
    private readonly Lock _gate = new();

    public SharedOperations(IEqualityComparer<TKey>? comparer = null) => _running = new Dictionary<TKey, Task<TResult>>(comparer);

    /// <summary>Number of operations under way.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _running.Count;
            }
        }
    }

    /// <summary>Joins the operation of <paramref name="key"/> or starts <paramref name="work"/>; waits no longer than the caller's token allows.</summary>
    public Task<TResult> RunAsync(TKey key, Func<Task<TResult>> work, CancellationToken callerToken)
    {
        lock (_gate)
        {
            if (!_running.TryGetValue(key, out var task))
            {
                task = Task.Run(() => RunAndForgetAsync(key, work), CancellationToken.None);
                _running.Add(key, task);
            }

            return task.WaitAsync(callerToken);
        }
    }

    private async Task<TResult> RunAndForgetAsync(TKey key, Func<Task<TResult>> work)
    {
        try
        {
            return await work();
        }
        finally
        {
            lock (_gate)
            {
                _running.Remove(key);
            }
        }
    }
}
