using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Epoll;

namespace CriShim.Linux;

/// <summary>
/// Waits for descriptors, timers and posted work on one thread, the one that calls <see cref="Run"/>; only <see cref="Post"/>,
/// <see cref="Stop"/> and <see cref="EpollWatch"/> may be used from others. Level-triggered. Allocates nothing once its descriptors are registered.
/// A callback that throws ends <see cref="Run"/>: callbacks handle their own errors.
/// </summary>
public sealed class EpollLoop : IDisposable
{
    private const int MaxEventsPerWait = 32;

    private readonly SafeFileHandle _epoll = Check.Result(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    private readonly SafeFileHandle _wake = Check.Result(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly List<LoopTimer> _timers = [];
    private Registration?[] _byFd = new Registration?[32];
    private uint _generation;
    private volatile bool _stopped;

    public EpollLoop() => Add(_wake, EpollEvents.Read, OnWake);

    /// <summary>Calls <paramref name="callback"/> whenever the descriptor is ready, until <see cref="Remove"/>.</summary>
    public void Add(SafeHandle fd, EpollEvents events, Action<EpollEvents> callback)
    {
        var number = (int)fd.DangerousGetHandle();
        if (number >= _byFd.Length)
        {
            Array.Resize(ref _byFd, Math.Max(number + 1, _byFd.Length * 2));
        }

        var registration = new Registration(++_generation, callback);
        Control(EPOLL_CTL_ADD, number, events, registration.Generation);
        _byFd[number] = registration;
    }

    /// <summary>Registers a descriptor that is waited for only once each time it is asked to be, from any thread.</summary>
    public EpollWatch AddWatch(SafeHandle fd, Action<EpollEvents> callback)
    {
        Add(fd, EpollEvents.OneShot, callback);
        return new EpollWatch(this, fd, _generation);
    }

    /// <summary>Changes what a registered descriptor is waited for; <see cref="EpollEvents.None"/> leaves only errors and hang-ups.</summary>
    public void Modify(SafeHandle fd, EpollEvents events)
    {
        var number = (int)fd.DangerousGetHandle();
        var registration = _byFd[number] ?? throw new LinuxException(Errno.ENOENT, "epoll_ctl");
        Control(EPOLL_CTL_MOD, number, events, registration.Generation);
    }

    /// <summary>Call it before the descriptor is closed. Events of this round that are still to come for it are dropped.</summary>
    public void Remove(SafeHandle fd)
    {
        var number = (int)fd.DangerousGetHandle();
        if (number < _byFd.Length && _byFd[number] is not null)
        {
            _byFd[number] = null;
            Control(EPOLL_CTL_DEL, number, EpollEvents.None, 0);
        }
    }

    /// <summary>Makes a timer, stopped.</summary>
    public LoopTimer CreateTimer(Action callback) => new(this, callback);

    /// <summary>Has <paramref name="work"/> called on the loop's thread. From any thread.</summary>
    public void Post(Action work)
    {
        _posted.Enqueue(work);
        Wake();
    }

    /// <summary>Makes <see cref="Run"/> return after the callback that is running. From any thread.</summary>
    public void Stop()
    {
        _stopped = true;
        Wake();
    }

    /// <summary>Serves events until <see cref="Stop"/>.</summary>
    public void Run()
    {
        while (!_stopped)
        {
            RunOnce(Timeout.Infinite);
        }
    }

    /// <summary>Waits for at most <paramref name="timeoutMilliseconds"/> (-1: no bound) and serves what is ready.</summary>
    public unsafe void RunOnce(int timeoutMilliseconds)
    {
        var events = stackalloc epoll_event[MaxEventsPerWait];

        // SAFETY: the buffer holds MaxEventsPerWait events.
        var count = epoll_wait(_epoll, events, MaxEventsPerWait, NextTimeout(timeoutMilliseconds));
        if (count < 0 && Check.LastErrno != Errno.EINTR)
        {
            Check.Result(count, "epoll_wait");
        }

        for (var i = 0; i < count && !_stopped; i++)
        {
            Dispatch(events[i].data, (EpollEvents)events[i].events);
        }

        FireDueTimers();
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
    }

    internal void Arm(int fd, EpollEvents events, uint generation) => Control(EPOLL_CTL_MOD, fd, events | EpollEvents.OneShot, generation);

    internal void StartTimer(LoopTimer timer, TimeSpan delay)
    {
        timer.DueTick = Environment.TickCount64 + (long)Math.Ceiling(Math.Max(0, delay.TotalMilliseconds));
        if (timer.Index < 0)
        {
            timer.Index = _timers.Count;
            _timers.Add(timer);
        }
    }

    internal void StopTimer(LoopTimer timer)
    {
        if (timer.Index < 0)
        {
            return;
        }

        var last = _timers[^1];
        _timers[timer.Index] = last;
        last.Index = timer.Index;
        _timers.RemoveAt(_timers.Count - 1);
        timer.Index = -1;
    }

    private void Dispatch(ulong data, EpollEvents events)
    {
        // The generation tells a descriptor that was closed and whose number was taken again in this round.
        var registration = _byFd[(uint)data];
        if (registration is not null && registration.Generation == (uint)(data >> 32))
        {
            registration.Callback(events);
        }
    }

    private int NextTimeout(int bound)
    {
        if (_timers.Count == 0)
        {
            return bound;
        }

        var next = long.MaxValue;
        foreach (var timer in _timers)
        {
            next = Math.Min(next, timer.DueTick);
        }

        var wait = (int)Math.Clamp(next - Environment.TickCount64, 0, int.MaxValue);
        return bound < 0 ? wait : Math.Min(bound, wait);
    }

    /// <summary>A list, not a heap: there are few timers, and a callback may start and stop any of them.</summary>
    private void FireDueTimers()
    {
        var now = Environment.TickCount64;
        for (var i = _timers.Count - 1; i >= 0 && !_stopped; i--)
        {
            if (i < _timers.Count && _timers[i] is var timer && timer.DueTick <= now)
            {
                StopTimer(timer);
                timer.Callback();
            }
        }
    }

    private void Wake()
    {
        Span<byte> one = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(one, 1);

        // EAGAIN: the counter is full, so a wake-up is pending anyway.
        if (LibC.Files.write(_wake, one, one.Length) < 0 && Check.LastErrno is var errno && errno is not (Errno.EAGAIN or Errno.EINTR))
        {
            throw new LinuxException(errno, "write", "eventfd");
        }
    }

    private void OnWake(EpollEvents events)
    {
        Span<byte> counter = stackalloc byte[sizeof(ulong)];
        _ = Fd.Read(_wake, counter);
        while (!_stopped && _posted.TryDequeue(out var work))
        {
            work();
        }
    }

    private unsafe void Control(int operation, int fd, EpollEvents events, uint generation)
    {
        var description = new epoll_event { events = (uint)events, data = (ulong)generation << 32 | (uint)fd };

        // SAFETY: description is read during the call only.
        Check.Result(epoll_ctl(_epoll, operation, fd, &description), "epoll_ctl");
    }

    private sealed record Registration(uint Generation, Action<EpollEvents> Callback);
}
