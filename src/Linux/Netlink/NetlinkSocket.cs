using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.NetlinkSockets;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Linux.Netlink;

/// <summary>
/// A netlink socket. It acts in the network namespace it was made in, whoever holds it. The kernel handles a request while it is
/// being sent, so every answer is there when send returns: nothing here waits. One caller at a time.
/// </summary>
public sealed class NetlinkSocket : IDisposable
{
    private const int BufferBytes = 32 * 1024;
    private const int MaxDumpAttempts = 10;

    private readonly SafeFileHandle _fd;
    private readonly bool _owned;
    private uint _sequence;

    /// <summary>Wraps a socket made elsewhere (in a pod's namespace); it stays the caller's.</summary>
    public NetlinkSocket(SafeFileHandle fd)
        : this(fd, false)
    {
    }

    private NetlinkSocket(SafeFileHandle fd, bool owned)
    {
        _fd = fd;
        _owned = owned;
        // Best effort: with it a refusal carries the kernel's own words, without the original request
        _ = setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1, sizeof(int));
        _ = setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1, sizeof(int));
    }

    /// <summary>Handles one message of a dump: its type and what follows the header.</summary>
    public delegate void MessageHandler(ushort type, ReadOnlySpan<byte> body);

    /// <param name="protocol">NETLINK_ROUTE or NETLINK_NETFILTER.</param>
    public static NetlinkSocket Open(int protocol) =>
        new(Check.Result(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), "socket", "netlink"), true);

    public void Dispose()
    {
        if (_owned)
        {
            _fd.Dispose();
        }
    }

    /// <summary>Sends the messages and reads their acknowledgements. Throws the first refusal, with the operation it belongs to.</summary>
    public void Execute(NetlinkBatch batch)
    {
        var first = _sequence + 1;
        Send(batch);
        var expected = batch.AcknowledgedCount;
        LinuxException? failure = null;
        Span<byte> buffer = new byte[BufferBytes];
        while (expected > 0)
        {
            var received = Receive(buffer);
            if (received.IsEmpty)
            {
                // A transaction that the kernel gave up as a whole is answered once
                break;
            }

            while (TakeMessage(ref received, out var header, out var body))
            {
                var index = (long)header.nlmsg_seq - first;
                if (header.nlmsg_type == NLMSG_ERROR && index >= 0 && index < batch.Count)
                {
                    expected--;
                    failure ??= ToException(header, body, batch.Operation((int)index));
                }
            }
        }

        if (failure is not null)
        {
            throw failure;
        }

        if (expected > 0)
        {
            throw new LinuxException(Errno.EIO, "netlink", $"{batch.Operation(0)} (not acknowledged)");
        }
    }

    /// <summary>Like <see cref="Execute"/>, but an object that is not there (ENOENT, ENODEV, ENXIO) is no error: false.</summary>
    public bool ExecuteIfPresent(NetlinkBatch batch)
    {
        try
        {
            Execute(batch);
            return true;
        }
        catch (LinuxException e) when (e.Errno is Errno.ENODEV or Errno.ENOENT or Errno.ENXIO)
        {
            return false;
        }
    }

    /// <summary>Sends the one request of <paramref name="batch"/> (NLM_F_DUMP, or a get without NLM_F_ACK) and hands over every answer.</summary>
    public void Query(NetlinkBatch batch, MessageHandler handler)
    {
        for (var attempt = 1; !TryQuery(batch, handler); attempt++)
        {
            if (attempt == MaxDumpAttempts)
            {
                throw new LinuxException(Errno.EAGAIN, "netlink", $"{batch.Operation(0)} (changed while being read)");
            }
        }
    }

    private bool TryQuery(NetlinkBatch batch, MessageHandler handler)
    {
        Send(batch);
        var consistent = true;
        Span<byte> buffer = new byte[BufferBytes];
        while (true)
        {
            var received = Receive(buffer);
            if (received.IsEmpty)
            {
                return consistent;
            }

            while (TakeMessage(ref received, out var header, out var body))
            {
                consistent &= (header.nlmsg_flags & NLM_F_DUMP_INTR) == 0;
                if (header.nlmsg_seq != _sequence)
                {
                    continue;
                }

                switch (header.nlmsg_type)
                {
                    case NLMSG_DONE:
                        return consistent;
                    case NLMSG_ERROR when ToException(header, body, batch.Operation(0)) is { } failure:
                        throw failure;
                    case NLMSG_ERROR or NLMSG_NOOP:
                        continue;
                    default:
                        handler(header.nlmsg_type, body);
                        break;
                }
            }
        }
    }

    private void Send(NetlinkBatch batch)
    {
        var bytes = batch.Seal(_sequence + 1);
        _sequence += (uint)batch.Count;
        while (send(_fd, bytes, (nuint)bytes.Length, 0) < 0)
        {
            if (Check.LastErrno != Errno.EINTR)
            {
                throw new LinuxException(Check.LastErrno, "send", $"netlink {batch.Operation(0)}");
            }
        }
    }

    /// <summary>The next datagram; empty when there is none.</summary>
    private ReadOnlySpan<byte> Receive(Span<byte> buffer)
    {
        while (true)
        {
            var count = recv(_fd, buffer, (nuint)buffer.Length, MSG_DONTWAIT | MSG_TRUNC);
            if (count > buffer.Length)
            {
                throw new LinuxException(Errno.EMSGSIZE, "recv", "netlink");
            }

            if (count >= 0)
            {
                return buffer[..(int)count];
            }

            switch (Check.LastErrno)
            {
                case Errno.EINTR: continue;
                case Errno.EAGAIN: return default;
                case var errno: throw new LinuxException(errno, "recv", "netlink");
            }
        }
    }

    private static bool TakeMessage(ref ReadOnlySpan<byte> bytes, out nlmsghdr header, out ReadOnlySpan<byte> body)
    {
        header = default;
        body = default;
        var headerBytes = Unsafe.SizeOf<nlmsghdr>();
        if (bytes.Length < headerBytes)
        {
            return false;
        }

        header = MemoryMarshal.Read<nlmsghdr>(bytes);
        if (header.nlmsg_len < headerBytes || header.nlmsg_len > bytes.Length)
        {
            return false;
        }

        body = bytes[headerBytes..(int)header.nlmsg_len];
        bytes = bytes[(int)Math.Min((header.nlmsg_len + 3) & ~3u, bytes.Length)..];
        return true;
    }

    /// <summary>Null for an acknowledgement.</summary>
    private static LinuxException? ToException(in nlmsghdr header, ReadOnlySpan<byte> body, string operation)
    {
        var error = body.Length >= sizeof(int) ? -MemoryMarshal.Read<int>(body) : (int)Errno.EIO;
        return error == 0 ? null : new LinuxException((Errno)error, "netlink", operation + ExtendedText(header, body));
    }

    /// <summary>The kernel's explanation, which follows the error and the (capped) request.</summary>
    private static string ExtendedText(in nlmsghdr header, ReadOnlySpan<byte> body)
    {
        var echoed = sizeof(int) + Unsafe.SizeOf<nlmsghdr>();
        if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0 || body.Length < echoed)
        {
            return "";
        }

        if ((header.nlmsg_flags & NLM_F_CAPPED) == 0)
        {
            echoed = sizeof(int) + (int)Math.Min(MemoryMarshal.Read<uint>(body[sizeof(int)..]), (uint)(body.Length - sizeof(int)));
        }

        var attributes = new NetlinkAttributes(body[Math.Min((echoed + 3) & ~3, body.Length)..]);
        while (attributes.Next())
        {
            if (attributes.Type == NLMSGERR_ATTR_MSG)
            {
                return $" ({attributes.Text})";
            }
        }

        return "";
    }
}
