using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Pipes;

namespace CriShim.Linux;

/// <summary>The two ends of a pipe(7), both close-on-exec. Throws <see cref="LinuxException"/>.</summary>
public sealed class PipePair : IDisposable
{
    private PipePair(SafeFileHandle reader, SafeFileHandle writer)
    {
        Reader = reader;
        Writer = writer;
    }

    public SafeFileHandle Reader { get; }

    public SafeFileHandle Writer { get; }

    public static unsafe PipePair Create()
    {
        var ends = stackalloc int[2];

        // SAFETY: pipe2 writes exactly two ints.
        Check.Result(pipe2(ends, O_CLOEXEC), "pipe2");
        return new PipePair(new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    /// <summary>
    /// Makes reads and writes of this end answer EAGAIN instead of waiting. The flag belongs to the open file, shared with every
    /// process that inherited this end: set it only on the end that stays here.
    /// </summary>
    public static void SetNonBlocking(SafeFileHandle end)
    {
        var flags = Check.Result(fcntl(end, F_GETFL, 0), "fcntl(F_GETFL)");
        Check.Result(fcntl(end, F_SETFL, flags | O_NONBLOCK), "fcntl(F_SETFL)");
    }

    /// <summary>How much it holds before a writer has to wait; rounded up. False where the kernel does not allow so much (pipe(7)).</summary>
    public bool TrySetCapacity(int bytes) => fcntl(Writer, F_SETPIPE_SZ, bytes) >= 0;

    /// <summary>
    /// Moves what is in a pipe to another pipe or a terminal, without waiting (splice(2)): the count, 0 at the pipe's end, -1 with the
    /// errno (EAGAIN: the one is empty or the other full).
    /// </summary>
    public static unsafe int TryMove(SafeFileHandle from, SafeFileHandle to, int bytes, out Errno errno)
    {
        while (true)
        {
            // SAFETY: no offsets are passed.
            var count = splice(from, null, to, null, bytes, SPLICE_F_NONBLOCK);
            errno = count < 0 ? Check.LastErrno : Errno.None;
            if (errno != Errno.EINTR)
            {
                return (int)count;
            }
        }
    }

    /// <summary>Takes over a descriptor that this process was started with, and makes it close-on-exec.</summary>
    public static SafeFileHandle TakeInherited(int number)
    {
        var end = new SafeFileHandle(number, ownsHandle: true);
        Check.Result(fcntl(end, F_SETFD, FD_CLOEXEC), "fcntl(F_SETFD)");
        return end;
    }

    public void Dispose()
    {
        Reader.Dispose();
        Writer.Dispose();
    }
}
