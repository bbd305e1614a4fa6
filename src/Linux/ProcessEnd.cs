using static CriShim.Linux.LibC.Polling;

namespace CriShim.Linux;

/// <summary>Waiting for a process's end without collecting it. Throws <see cref="LinuxException"/>.</summary>
public static class ProcessEnd
{
    /// <summary>False when the time is over.</summary>
    public static bool Wait(PidFd process, TimeSpan timeout)
    {
        Span<pollfd> entry = [new pollfd { fd = (int)process.Handle.DangerousGetHandle(), events = POLLIN }];
        var deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            var ready = poll(entry, 1, (int)Math.Clamp(deadline - Environment.TickCount64, 0, int.MaxValue));
            if (ready >= 0)
            {
                return ready > 0;
            }

            if (Check.LastErrno is var errno && errno != Errno.EINTR)
            {
                throw new LinuxException(errno, "poll");
            }
        }
    }
}
