#pragma warning disable CS8981 // struct names are the C ones
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux.LibC;

/// <summary>sys/socket.h, sys/un.h. Declarations only; names and constants as in C.</summary>
public static unsafe partial class Sockets
{
    public const int AF_UNIX = 1;
    public const int SOCK_STREAM = 1;
    public const int SOCK_SEQPACKET = 5;
    public const int SOCK_NONBLOCK = 0x800;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_CLOEXEC = 0x80000;

    public const int SOL_SOCKET = 1;
    public const int SO_ERROR = 4;
    public const int SO_PEERCRED = 17;
    public const int SCM_RIGHTS = 1;

    public const int MSG_PEEK = 0x02;
    public const int MSG_CTRUNC = 0x08;
    public const int MSG_TRUNC = 0x20;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;
    public const int MSG_CMSG_CLOEXEC = 0x40000000;

    /// <summary>Most descriptors in one message (kernel: include/net/scm.h).</summary>
    public const int SCM_MAX_FD = 253;

    /// <summary>Bytes of sockaddr_un.sun_path.</summary>
    public const int UNIX_PATH_MAX = 108;

    [StructLayout(LayoutKind.Sequential)]
    public struct sockaddr_un
    {
        public ushort sun_family;
        public fixed byte sun_path[UNIX_PATH_MAX];
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct iovec
    {
        public void* iov_base;
        public nuint iov_len;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct msghdr
    {
        public void* msg_name;
        public uint msg_namelen;
        public iovec* msg_iov;
        public nuint msg_iovlen;
        public void* msg_control;
        public nuint msg_controllen;
        public int msg_flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct cmsghdr
    {
        public nuint cmsg_len;
        public int cmsg_level;
        public int cmsg_type;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct ucred
    {
        public int pid;
        public uint uid;
        public uint gid;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial SafeFileHandle socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int socketpair(int domain, int type, int protocol, int* sv);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int bind(SafeHandle sockfd, sockaddr_un* addr, uint addrlen);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int connect(SafeHandle sockfd, sockaddr_un* addr, uint addrlen);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int listen(SafeHandle sockfd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    public static partial SafeFileHandle accept4(SafeHandle sockfd, void* addr, uint* addrlen, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint sendmsg(SafeHandle sockfd, msghdr* msg, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recvmsg(SafeHandle sockfd, msghdr* msg, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint recv(SafeHandle sockfd, Span<byte> buf, nuint len, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int getsockopt(SafeHandle sockfd, int level, int optname, void* optval, uint* optlen);
}
