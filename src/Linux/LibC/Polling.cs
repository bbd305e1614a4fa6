#pragma warning disable CS8981 // struct names are the C ones

using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>poll.h. Declarations only; names and constants as in C.</summary>
public static unsafe partial class Polling
{
    public const short POLLIN = 0x1;
    public const short POLLPRI = 0x2;
    public const short POLLOUT = 0x4;
    public const short POLLHUP = 0x10;

    [StructLayout(LayoutKind.Sequential)]
    public struct pollfd
    {
        public int fd;
        public short events;
        public short revents;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(pollfd* fds, ulong nfds, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(Span<pollfd> fds, ulong nfds, int timeout);
}
