using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux.LibC;

/// <summary>unistd.h, fcntl.h, sys/uio.h, sys/mman.h: pipes, descriptor flags, vectored writes, memfds. Names and constants as in C.</summary>
public static unsafe partial class Pipes
{
    public const int F_SETFD = 2;
    public const int FD_CLOEXEC = 1;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int F_GETFD = 1;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int F_SETPIPE_SZ = 1031;

    public const uint SPLICE_F_NONBLOCK = 0x02;

    public const uint MFD_CLOEXEC = 0x1;

    [LibraryImport("libc", SetLastError = true)]
    public static partial int pipe2(int* pipefd, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint splice(SafeHandle fdIn, long* offIn, SafeHandle fdOut, long* offOut, nint len, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fcntl(SafeHandle fd, int cmd, nint arg);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint writev(SafeHandle fd, Sockets.iovec* iov, int iovcnt);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial SafeFileHandle memfd_create(string name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pread(SafeHandle fd, Span<byte> buffer, nint count, long offset);
}
