using System.Threading.Tasks.Sources;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>
/// Owns a non-blocking descriptor and waits, on the server's loop, until it can be read or written. One waiter at a time; a wait costs one
/// system call.
/// </summary>
internal sealed class FdReadiness : IValueTaskSource, IDisposable
{
    private const int Idle = 0;
    private const int Waiting = 1;
    private const int Closed = 2;

    private readonly IoLoop _io;
    private readonly EpollEvents _events;
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private EpollWatch? _watch;
    private int _state;

    /// <param name="events">Read or Write.</param>
    public FdReadiness(IoLoop io, SafeFileHandle fd, EpollEvents events)
    {
        _io = io;
        _events = events;
        Fd = fd;
        PipePair.SetNonBlocking(fd);
    }

    public SafeFileHandle Fd { get; }

    /// <summary>Ends when the descriptor is ready, after <see cref="Wake"/>, when it is closed, or when the token is cancelled: the caller tries again.</summary>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _core.Reset();
        var before = Interlocked.CompareExchange(ref _state, Waiting, Idle);
        ObjectDisposedException.ThrowIf(before == Closed, this);
        using var registration = cancellationToken.UnsafeRegister(static self => ((FdReadiness)self!).Wake(), this);
        if (_watch is { } watch)
        {
            Arm(watch);
        }
        else
        {
            _io.Post(Begin);
        }

        await new ValueTask(this, _core.Version);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Ends the wait under way, if there is one.</summary>
    public void Wake()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
        {
            _core.SetResult(true);
        }
    }

    public void Dispose()
    {
        var before = Interlocked.Exchange(ref _state, Closed);
        if (before == Closed)
        {
            return;
        }

        if (before == Waiting)
        {
            _core.SetResult(true);
        }

        _io.Post(() =>
        {
            if (_watch is not null)
            {
                _io.Loop.Remove(Fd);
            }

            Fd.Dispose();
        });
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    /// <summary>On the loop's thread, before which nobody else uses the watch.</summary>
    private void Begin()
    {
        if (Volatile.Read(ref _state) != Closed)
        {
            // It may have been posted twice: by a wait that was given up before it ran, and by the next.
            _watch ??= _io.Loop.AddWatch(Fd, _ => Wake());
            Arm(_watch);
        }
    }

    private void Arm(EpollWatch watch)
    {
        try
        {
            watch.Arm(_events);
        }
        catch (Exception e) when (e is ObjectDisposedException or LinuxException)
        {
            // Closed meanwhile.
            Wake();
        }
    }
}
