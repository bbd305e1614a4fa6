using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Linux;

/// <summary>
/// A unix socket of type SOCK_SEQPACKET (unix(7)): whole messages, descriptors beside them. Every descriptor it makes or receives is
/// close-on-exec. One thread may send while another receives. Throws <see cref="LinuxException"/>.
/// </summary>
public sealed class SeqPacketSocket(SafeFileHandle handle) : IDisposable
{
    /// <summary>Most descriptors taken with one message; a message with more is an error (MSG_CTRUNC).</summary>
    public const int MaxFds = SocketRights.MaxFds;

    public SafeFileHandle Handle { get; } = handle;

    /// <summary>User id of the process that connected, or made the pair (SO_PEERCRED).</summary>
    public unsafe uint PeerUserId
    {
        get
        {
            ucred credentials;
            var length = (uint)sizeof(ucred);

            // SAFETY: the kernel writes at most length bytes.
            Check.Result(getsockopt(Handle, SOL_SOCKET, SO_PEERCRED, &credentials, &length), "getsockopt(SO_PEERCRED)");
            return credentials.uid;
        }
    }

    public static unsafe (SeqPacketSocket First, SeqPacketSocket Second) CreatePair()
    {
        var ends = stackalloc int[2];

        // SAFETY: socketpair writes exactly two ints.
        Check.Result(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "socketpair");
        return (new SeqPacketSocket(new SafeFileHandle(ends[0], true)), new SeqPacketSocket(new SafeFileHandle(ends[1], true)));
    }

    /// <summary>Listens at a path of any length that the caller has made sure is free; the socket file has mode 0600.</summary>
    public static SeqPacketSocket Listen(string path, int backlog = 16) => new(UnixSocket.Listen(path, SOCK_SEQPACKET, backlog));

    public static SeqPacketSocket Connect(string path) => new(UnixSocket.Connect(path, SOCK_SEQPACKET));

    /// <summary>The next waiting connection of a listening socket, or null when there is none.</summary>
    public unsafe SeqPacketSocket? Accept()
    {
        while (true)
        {
            // SAFETY: the peer's address is not asked for.
            var connection = accept4(Handle, null, null, SOCK_CLOEXEC);
            if (!connection.IsInvalid)
            {
                return new SeqPacketSocket(connection);
            }

            var errno = Check.LastErrno;
            connection.Dispose();
            switch (errno)
            {
                case Errno.EAGAIN: return null;
                case Errno.EINTR or Errno.ECONNABORTED: continue;
                default: throw new LinuxException(errno, "accept4");
            }
        }
    }

    /// <summary>Sends one message. With <paramref name="wait"/> false and a full queue it answers false and sends nothing.</summary>
    public unsafe bool Send(ReadOnlySpan<byte> bytes, ReadOnlySpan<SafeFileHandle> fds = default, bool wait = true)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fds.Length, MaxFds);
        ArgumentOutOfRangeException.ThrowIfZero(bytes.Length);
        var control = stackalloc byte[SocketRights.BufferBytes];

        // SAFETY: iov and control point to memory that outlives the call; the lengths are theirs.
        fixed (byte* body = bytes)
        {
            var iov = new iovec { iov_base = body, iov_len = (nuint)bytes.Length };
            var message = new msghdr { msg_iov = &iov, msg_iovlen = 1 };
            if (!fds.IsEmpty)
            {
                message.msg_control = control;
                message.msg_controllen = SocketRights.Write(control, fds);
            }

            while (sendmsg(Handle, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT)) < 0)
            {
                switch (Check.LastErrno)
                {
                    case Errno.EINTR: continue;
                    case Errno.EAGAIN when !wait: return false;
                    case var errno: throw new LinuxException(errno, "sendmsg");
                }
            }
        }

        return true;
    }

    /// <summary>
    /// The next message, whole; <see cref="Packet.EndOfConnection"/> when the peer has closed; null when <paramref name="wait"/> is
    /// false and none has come.
    /// </summary>
    public unsafe Packet? Receive(bool wait = true)
    {
        var flags = MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT);
        var length = PeekLength(flags);
        if (length <= 0)
        {
            return length == 0 ? Packet.EndOfConnection : null;
        }

        var bytes = new byte[length];
        var control = stackalloc byte[SocketRights.BufferBytes];

        // SAFETY: as in Send; the kernel writes at most the given lengths.
        fixed (byte* body = bytes)
        {
            var iov = new iovec { iov_base = body, iov_len = (nuint)bytes.Length };
            var message = new msghdr
            {
                msg_iov = &iov,
                msg_iovlen = 1,
                msg_control = control,
                msg_controllen = SocketRights.BufferBytes,
            };
            nint count;
            while ((count = recvmsg(Handle, &message, flags)) < 0)
            {
                if (Check.LastErrno is var errno && errno is not (Errno.EINTR or Errno.ECONNRESET))
                {
                    throw new LinuxException(errno, "recvmsg");
                }
            }

            var packet = new Packet(bytes, SocketRights.Read(control, message.msg_controllen));
            if (count != bytes.Length || (message.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0)
            {
                packet.Dispose();
                throw new LinuxException(Errno.EMSGSIZE, "recvmsg");
            }

            return packet;
        }
    }

    public void Dispose() => Handle.Dispose();

    /// <summary>Length of the next message; 0 at the end of the connection; -1 when there is none and the flags say not to wait.</summary>
    private int PeekLength(int flags)
    {
        while (true)
        {
            var length = recv(Handle, default, 0, flags | MSG_PEEK | MSG_TRUNC);
            if (length >= 0)
            {
                return (int)length;
            }

            switch (Check.LastErrno)
            {
                // The peer has closed with messages of ours unread; those that it sent before are still there.
                case Errno.EINTR or Errno.ECONNRESET: continue;
                case Errno.EAGAIN: return -1;
                case var errno: throw new LinuxException(errno, "recv");
            }
        }
    }
}
