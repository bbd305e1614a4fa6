using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux.LibC;

/// <summary>sys/epoll.h, sys/eventfd.h. Declarations only; names and constants as in C.</summary>
public static unsafe partial class Epoll
{
    public const int EPOLL_CLOEXEC = 0x80000;
    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_DEL = 2;
    public const int EPOLL_CTL_MOD = 3;

    public const int EFD_NONBLOCK = 0x800;
    public const int EFD_CLOEXEC = 0x80000;

    /// <summary>Packed on x86-64 only (EPOLL_PACKED in uapi/linux/eventpoll.h).</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    public struct epoll_event
    {
        public uint events;
        public ulong data;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial SafeFileHandle epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_ctl(SafeHandle epfd, int op, int fd, epoll_event* @event);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int epoll_wait(SafeHandle epfd, epoll_event* events, int maxevents, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    public static partial SafeFileHandle eventfd(uint initval, int flags);
}
