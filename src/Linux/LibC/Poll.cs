using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>poll.h. Declarations only; names and constants as in C.</summary>
public static partial class Poll
{
    public const short POLLIN = 0x1;
    public const short POLLPRI = 0x2;
    public const short POLLOUT = 0x4;
    public const short POLLERR = 0x8;
    public const short POLLHUP = 0x10;

#pragma warning disable CS8981 // the name in C
    [StructLayout(LayoutKind.Sequential)]
    public struct pollfd
    {
        public int fd;
        public short events;
        public short revents;
    }
#pragma warning restore CS8981

    [LibraryImport("libc", SetLastError = true)]
    public static partial int poll(Span<pollfd> fds, nuint nfds, int timeout);
}
