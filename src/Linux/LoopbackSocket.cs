using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.InternetSockets;
using static CriShim.Linux.LibC.Polling;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Linux;

/// <summary>TCP to the loopback of the network namespace that this thread is in.</summary>
public static unsafe class LoopbackSocket
{
    /// <summary>The connected socket, non-blocking. Throws <see cref="LinuxException"/> (ECONNREFUSED; ETIMEDOUT after the limit).</summary>
    /// <param name="ipv6">::1, otherwise 127.0.0.1.</param>
    public static SafeFileHandle Connect(ushort port, bool ipv6, TimeSpan limit)
    {
        var subject = ipv6 ? $"[::1]:{port}" : $"127.0.0.1:{port}";
        var connection = Check.Result(socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket", subject);
        try
        {
            var errno = Begin(connection, BinaryPrimitives.ReverseEndianness(port), ipv6);
            errno = errno == Errno.EINPROGRESS ? Await(connection, limit) : errno;
            return errno == Errno.None ? connection : throw new LinuxException(errno, "connect", subject);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static Errno Begin(SafeFileHandle connection, ushort networkPort, bool ipv6)
    {
        int result;

        // SAFETY: each address is filled, on this stack, and given with its size.
        if (ipv6)
        {
            var address = new sockaddr_in6 { sin6_family = AF_INET6, sin6_port = networkPort };
            address.sin6_addr[15] = 1;
            result = connect(connection, &address, (uint)sizeof(sockaddr_in6));
        }
        else
        {
            var address = new sockaddr_in { sin_family = AF_INET, sin_port = networkPort };
            address.sin_addr[0] = 127;
            address.sin_addr[3] = 1;
            result = connect(connection, &address, (uint)sizeof(sockaddr_in));
        }

        return result < 0 ? Check.LastErrno : Errno.None;
    }

    private static Errno Await(SafeFileHandle connection, TimeSpan limit)
    {
        Span<pollfd> entry = [new pollfd { fd = (int)connection.DangerousGetHandle(), events = POLLOUT }];
        var deadline = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        int ready;
        do
        {
            ready = poll(entry, 1, (int)Math.Max(0, deadline - Environment.TickCount64));
        }
        while (ready < 0 && Check.LastErrno == Errno.EINTR);
        if (ready <= 0)
        {
            return ready == 0 ? Errno.ETIMEDOUT : Check.LastErrno;
        }

        int error;
        uint length = sizeof(int);

        // SAFETY: the kernel writes at most length bytes.
        Check.Result(getsockopt(connection, SOL_SOCKET, SO_ERROR, &error, &length), "getsockopt(SO_ERROR)");
        return (Errno)error;
    }
}
