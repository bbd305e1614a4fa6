using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux;

/// <summary>
/// Turns a libc result into a value or a <see cref="LinuxException"/>. The only place that reads errno; calls that can be
/// interrupted are retried by <see cref="Retry(Func{long}, string, string?)"/> and nowhere else (signal(7)).
/// </summary>
public static class Check
{
    /// <summary>The errno of the last P/Invoke on this thread.</summary>
    public static Errno LastErrno => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>Returns <paramref name="result"/>, or throws when it is negative.</summary>
    public static int Result(int result, string call, string? subject = null) =>
        result >= 0 ? result : throw new LinuxException(LastErrno, call, subject);

    /// <inheritdoc cref="Result(int, string, string?)"/>
    public static long Result(long result, string call, string? subject = null) =>
        result >= 0 ? result : throw new LinuxException(LastErrno, call, subject);

    /// <summary>Returns the handle, or throws (and leaves nothing open) when it is invalid.</summary>
    public static SafeFileHandle Result(SafeFileHandle handle, string call, string? subject = null)
    {
        if (!handle.IsInvalid)
        {
            return handle;
        }

        var errno = LastErrno;
        handle.Dispose();
        throw new LinuxException(errno, call, subject);
    }

    /// <summary>Repeats the call while it answers EINTR; throws on any other error.</summary>
    public static long Retry(Func<long> attempt, string call, string? subject = null)
    {
        long result;
        do
        {
            result = attempt();
        }
        while (result < 0 && LastErrno == Errno.EINTR);
        return Result(result, call, subject);
    }

    /// <summary>True on success, false when the call failed with <paramref name="tolerated"/>; throws on any other error.</summary>
    public static bool Tolerate(int result, Errno tolerated, string call, string? subject = null)
    {
        if (result >= 0)
        {
            return true;
        }

        var errno = LastErrno;
        return errno == tolerated ? false : throw new LinuxException(errno, call, subject);
    }
}
