using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Polling;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Linux;

/// <summary>A unix socket of type SOCK_STREAM (unix(7)) whose every wait has an end. Throws <see cref="LinuxException"/>; ETIMEDOUT.</summary>
public sealed class StreamSocket : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly string _path;

    private StreamSocket(SafeFileHandle handle, string path)
    {
        _handle = handle;
        _path = path;
    }

    public static StreamSocket Connect(string path) => new(UnixStream.Connect(path), path);

    public void Send(ReadOnlySpan<byte> bytes, long deadline)
    {
        while (!bytes.IsEmpty)
        {
            Await(POLLOUT, deadline);
            bytes = bytes[Sent(bytes)..];
        }
    }

    /// <summary>What is there, waiting for the first byte; 0 is the end.</summary>
    /// <param name="deadline">Environment.TickCount64 at which ETIMEDOUT is thrown.</param>
    public int Receive(Span<byte> buffer, long deadline)
    {
        Await(POLLIN, deadline);
        return Fd.Read(_handle, buffer, _path);
    }

    public void Dispose() => _handle.Dispose();

    /// <summary>A peer that is gone is an error (EPIPE), not a signal.</summary>
    private unsafe int Sent(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* first = bytes)
        {
            var part = new iovec { iov_base = first, iov_len = (nuint)bytes.Length };
            var message = new msghdr { msg_iov = &part, msg_iovlen = 1 };

            // SAFETY: part covers the pinned bytes.
            var count = sendmsg(_handle, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count < 0 && Check.LastErrno is var errno && errno is not (Errno.EINTR or Errno.EAGAIN))
            {
                throw new LinuxException(errno, "sendmsg", _path);
            }

            return (int)Math.Max(0, count);
        }
    }

    private void Await(short events, long deadline)
    {
        Span<pollfd> entry = [new pollfd { fd = (int)_handle.DangerousGetHandle(), events = events }];
        while (true)
        {
            var ready = poll(entry, 1, (int)Math.Clamp(deadline - Environment.TickCount64, 0, int.MaxValue));
            if (ready > 0)
            {
                return;
            }

            if (ready == 0)
            {
                throw new LinuxException(Errno.ETIMEDOUT, "poll", _path);
            }

            if (Check.LastErrno is var errno && errno != Errno.EINTR)
            {
                throw new LinuxException(errno, "poll", _path);
            }
        }
    }
}
