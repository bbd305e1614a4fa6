namespace CriShim.CriServer.Errors;

/// <summary>
/// Undo of a half-done operation. Each undo is added on the line after its do; unless <see cref="Commit"/> is reached they run last in,
/// first out, all of them, each failure kept, under a token of their own that fires after one minute: the caller's may be long gone.
/// </summary>
internal sealed class Rollback(TimeProvider? time = null)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    private readonly Stack<(string Step, Func<CancellationToken, Task> Undo)> _undos = new();

    public void Add(string step, Func<CancellationToken, Task> undo) => _undos.Push((step, undo));

    public void Add(string step, Action undo) => _undos.Push((step, _ =>
    {
        undo();
        return Task.CompletedTask;
    }
    ));

    /// <summary>All is done: nothing will be undone.</summary>
    public void Commit() => _undos.Clear();

    /// <summary>Undoes what was added.</summary>
    /// <returns>What could not be undone; null when all was.</returns>
    public async Task<AggregateException?> UndoAsync()
    {
        using var limit = new CancellationTokenSource(s_limit, time ?? TimeProvider.System);
        List<Exception> failures = [];
        while (_undos.TryPop(out var entry))
        {
            try
            {
                await entry.Undo(limit.Token);
            }
            catch (Exception e)
            {
                failures.Add(new CriException(CriErrorKind.Unknown, $"failed to undo \"{entry.Step}\": {e.Message}", e));
            }
        }

        return failures.Count == 0 ? null : new AggregateException(failures);
    }
}
