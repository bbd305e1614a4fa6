using System.Diagnostics;
using System.Runtime.InteropServices;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Polling;

namespace CriShim.Cgroups;

/// <summary>Bounded waits for the kernel: on a file that signals POLLPRI where there is one, else in growing steps.</summary>
internal static class Waiting
{
    private const int FirstStepMilliseconds = 1;
    private const int LongestStepMilliseconds = 20;

    /// <summary>True as soon as <paramref name="done"/> is; false when the time is over.</summary>
    /// <param name="events">A file whose change is signalled (cgroup.events), or null to look again and again.</param>
    public static bool Until(Func<bool> done, TimeSpan timeout, SafeFileHandle? events = null)
    {
        var clock = Stopwatch.StartNew();
        var step = FirstStepMilliseconds;
        while (!done())
        {
            var left = timeout - clock.Elapsed;
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            var limit = (int)Math.Min(int.MaxValue, Math.Ceiling(left.TotalMilliseconds));
            Sleep(events, events is null ? Math.Min(step, limit) : limit);
            step = Math.Min(step * 2, LongestStepMilliseconds);
        }

        return true;
    }

    private static void Sleep(SafeFileHandle? events, int milliseconds)
    {
        var held = false;
        try
        {
            events?.DangerousAddRef(ref held);
            var fd = new pollfd { fd = events is null ? -1 : (int)events.DangerousGetHandle(), events = POLLPRI };
            if (poll(MemoryMarshal.CreateSpan(ref fd, 1), 1, milliseconds) < 0 && Check.LastErrno is var errno && errno != Errno.EINTR)
            {
                throw new LinuxException(errno, "poll");
            }
        }
        finally
        {
            if (held)
            {
                events!.DangerousRelease();
            }
        }
    }
}
