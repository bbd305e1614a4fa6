#pragma warning disable CS8981 // struct names are the C ones
using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>netinet/in.h. Declarations only; names and constants as in C. Ports and addresses are in network byte order.</summary>
public static unsafe partial class InternetSockets
{
    public const int AF_INET = 2;
    public const int AF_INET6 = 10;

    [StructLayout(LayoutKind.Sequential)]
    public struct sockaddr_in
    {
        public ushort sin_family;
        public ushort sin_port;
        public fixed byte sin_addr[4];
        public fixed byte sin_zero[8];
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct sockaddr_in6
    {
        public ushort sin6_family;
        public ushort sin6_port;
        public uint sin6_flowinfo;
        public fixed byte sin6_addr[16];
        public uint sin6_scope_id;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int connect(SafeHandle sockfd, void* addr, uint addrlen);
}
