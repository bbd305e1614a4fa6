using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Linux;

/// <summary>The other side of <see cref="ConsoleSocket"/>: takes the terminal that an OCI runtime hands over. Throws <see cref="LinuxException"/>.</summary>
public sealed class ConsoleListener : IDisposable
{
    private const int MaxNameBytes = 4096;

    private readonly string _path;
    private readonly SafeFileHandle _socket;

    private ConsoleListener(string path, SafeFileHandle socket)
    {
        _path = path;
        _socket = socket;
    }

    /// <summary>Listens at a path where nothing is yet.</summary>
    public static ConsoleListener Listen(string path) => new(path, UnixSocket.Listen(path, SOCK_STREAM, backlog: 1));

    /// <summary>The terminal's master, once the runtime has ended: what it sent is there, or will not come. Null: nothing came.</summary>
    public unsafe SafeFileHandle? Take()
    {
        // SAFETY: the peer's address is not asked for.
        using var connection = accept4(_socket, null, null, SOCK_CLOEXEC);
        if (connection.IsInvalid)
        {
            return null;
        }

        var name = stackalloc byte[MaxNameBytes];
        var control = stackalloc byte[SocketRights.BufferBytes];
        var part = new iovec { iov_base = name, iov_len = MaxNameBytes };
        var message = new msghdr { msg_iov = &part, msg_iovlen = 1, msg_control = control, msg_controllen = SocketRights.BufferBytes };

        // SAFETY: all that the message points to is on this stack, with its length.
        Check.Result(recvmsg(connection, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT), "recvmsg", _path);
        return FirstOf(SocketRights.Read(control, message.msg_controllen));
    }

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(_path);
    }

    /// <summary>What came beside it is closed.</summary>
    private static SafeFileHandle? FirstOf(SafeFileHandle[] fds)
    {
        foreach (var other in fds.Skip(1))
        {
            other.Dispose();
        }

        return fds.FirstOrDefault();
    }
}
