namespace CriShim.Spdy;

/// <summary>
/// What the client lets us send (section 2.6.8): a window of each stream and one of the whole connection. The spdystream library, which
/// Kubernetes' clients are made of, knows no flow control: it never widens a window. So the windows count from the start, but hold
/// nothing up until the client has sent the first frame about them (SETTINGS, WINDOW_UPDATE).
/// </summary>
internal sealed class SendWindows
{
    public const int Default = 64 * 1024;
    private const long Largest = int.MaxValue;

    private readonly Lock _gate = new();
    private long _connection = Default;
    private long _initial = Default;
    private bool _enforced;
    private bool _closed;
    private TaskCompletionSource? _changed;

    /// <summary>The window of one stream.</summary>
    public sealed class Window
    {
        internal long Available { get; set; }

        internal bool Closed { get; set; }
    }

    public Window Open()
    {
        lock (_gate)
        {
            return new Window { Available = _initial };
        }
    }

    /// <summary>Waits until something may be sent.</summary>
    /// <param name="wanted">At least 1.</param>
    /// <returns>How many bytes: 1 to <paramref name="wanted"/>; they count as sent.</returns>
    /// <exception cref="IOException">The stream or the connection has ended.</exception>
    public async ValueTask<int> TakeAsync(Window window, int wanted, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_closed || window.Closed)
                {
                    throw new IOException(_closed ? "connection has ended" : "stream was reset by the client");
                }

                var allowed = _enforced ? (int)Math.Min(wanted, Math.Min(_connection, window.Available)) : wanted;
                if (allowed > 0)
                {
                    _connection -= allowed;
                    window.Available -= allowed;
                    return allowed;
                }

                _changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>WINDOW_UPDATE.</summary>
    /// <param name="window">Null: the connection's.</param>
    /// <returns>False when the window becomes larger than 2³¹ − 1.</returns>
    public bool Widen(Window? window, long by)
    {
        lock (_gate)
        {
            _enforced = true;
            var size = window is null ? _connection += by : window.Available += by;
            Signal();
            return size <= Largest;
        }
    }

    /// <summary>SETTINGS: streams begin with this window from now on, and those that are open change by the difference.</summary>
    public void SetInitial(long size, IEnumerable<Window> open)
    {
        lock (_gate)
        {
            _enforced = true;
            foreach (var window in open)
            {
                window.Available += size - _initial;
            }

            _initial = size;
            Signal();
        }
    }

    public void Close(Window window)
    {
        lock (_gate)
        {
            window.Closed = true;
            Signal();
        }
    }

    public void CloseAll()
    {
        lock (_gate)
        {
            _closed = true;
            Signal();
        }
    }

    private void Signal()
    {
        _changed?.TrySetResult();
        _changed = null;
    }
}
