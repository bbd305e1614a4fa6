namespace CriShim.CriServer.State;

/// <summary>
/// Operations that belong to an object, not to a call: callers with the same key join the one that runs. A caller whose token fires
/// leaves; the work goes on and the next caller with the key gets its result.
/// </summary>
/// <remarks>A finished operation is forgotten at once: what it made is found in the stores.</remarks>
public sealed class SharedOperations<TKey, TResult>
    where TKey : notnull
{
    private readonly Dictionary<TKey, Running> _running;
    private readonly Lock _gate = new();

    public SharedOperations(IEqualityComparer<TKey>? comparer = null) => _running = new Dictionary<TKey, Running>(comparer);

    private sealed record Running(Task<TResult> Task, OperationStage Stage);

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
    public Task<TResult> RunAsync(TKey key, Func<Task<TResult>> work, CancellationToken callerToken) =>
        RunAsync(key, _ => work(), callerToken);

    /// <inheritdoc cref="RunAsync(TKey, Func{Task{TResult}}, CancellationToken)"/>
    /// <exception cref="OperationCanceledException">The caller's token fired; the message tells the stage that the work had reached.</exception>
    public async Task<TResult> RunAsync(TKey key, Func<OperationStage, Task<TResult>> work, CancellationToken callerToken)
    {
        Running? running;
        lock (_gate)
        {
            if (!_running.TryGetValue(key, out running))
            {
                var stage = new OperationStage();
                running = new Running(Task.Run(() => RunAndForgetAsync(key, work, stage), CancellationToken.None), stage);
                _running.Add(key, running);
            }
        }

        try
        {
            return await running.Task.WaitAsync(callerToken);
        }
        catch (OperationCanceledException e) when (!running.Task.IsCompleted)
        {
            throw new OperationCanceledException($"gave up while {running.Stage.Name}: the work goes on, and a retry joins it", e, callerToken);
        }
    }

    private async Task<TResult> RunAndForgetAsync(TKey key, Func<OperationStage, Task<TResult>> work, OperationStage stage)
    {
        try
        {
            return await work(stage);
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
