namespace CriShim.Linux;

/// <summary>A callback that <see cref="EpollLoop"/> makes once, at or after its due time. Reusable: start it again at any time.</summary>
public sealed class LoopTimer
{
    private readonly EpollLoop _loop;

    internal LoopTimer(EpollLoop loop, Action callback)
    {
        _loop = loop;
        Callback = callback;
    }

    public bool IsRunning => Index >= 0;

    internal Action Callback { get; }

    /// <summary>Environment.TickCount64 at which it is due.</summary>
    internal long DueTick { get; set; }

    /// <summary>Place in the loop's list, -1 while stopped.</summary>
    internal int Index { get; set; } = -1;

    /// <summary>Makes it due <paramref name="delay"/> from now, whether it ran or not.</summary>
    public void Start(TimeSpan delay) => _loop.StartTimer(this, delay);

    public void Stop() => _loop.StopTimer(this);
}
