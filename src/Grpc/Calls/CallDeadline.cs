namespace CriShim.GrpcServer.Calls;

/// <summary>A call's token: fires when the client has gone or, where the client set a deadline, when it has passed.</summary>
internal sealed class CallDeadline : IDisposable
{
    /// <summary>The longest a timer can run. A deadline beyond it (49 days) is reported but not enforced.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly CancellationTokenSource? _source;
    private readonly CancellationToken _aborted;
    private readonly long _startTimestamp;
    private readonly TimeSpan? _timeout;

    /// <param name="timeout">From now; null for none.</param>
    /// <param name="aborted">Fires when the client has gone.</param>
    public CallDeadline(TimeSpan? timeout, CancellationToken aborted)
    {
        _aborted = aborted;
        _timeout = timeout;
        Token = aborted;
        if (timeout is not { } time)
        {
            return;
        }

        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        Deadline = time < DateTime.MaxValue - now ? now + time : DateTime.MaxValue;
        _startTimestamp = TimeProvider.System.GetTimestamp();
        if (time > TimeSpan.Zero && time <= s_longest)
        {
            _source = CancellationTokenSource.CreateLinkedTokenSource(aborted);
            _source.CancelAfter(time);
            Token = _source.Token;
        }
    }

    /// <summary>UTC; <see cref="DateTime.MaxValue"/> for none.</summary>
    public DateTime Deadline { get; } = DateTime.MaxValue;

    public CancellationToken Token { get; }

    /// <summary>The token fired for the deadline, or the deadline was over before the call began.</summary>
    public bool HasPassed => _timeout is { } time
        && (time <= TimeSpan.Zero
            || (Token.IsCancellationRequested && !_aborted.IsCancellationRequested)
            || (_aborted.IsCancellationRequested && TimeProvider.System.GetElapsedTime(_startTimestamp) >= time));

    public void Dispose() => _source?.Dispose();
}
