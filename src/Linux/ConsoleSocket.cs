using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Linux;

/// <summary>Hands a terminal's master to whoever asked for it: a stream socket, the descriptor beside the name "ptmx" (runc's convention).</summary>
public static class ConsoleSocket
{
    private const int SOCK_STREAM = 1;
    private const int ControlBytes = 24;
    private const int ControlDataOffset = 16;

    /// <summary>Throws <see cref="LinuxException"/>.</summary>
    public static unsafe void Send(string path, SafeFileHandle master)
    {
        using var address = new UnixAddress(path);
        using var connection = Check.Result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
        sockaddr_un name;
        var length = address.Fill(&name);

        // SAFETY: all that the message points to is on this stack, with its length.
        Check.Result(connect(connection, &name, length), "connect", path);
        var body = stackalloc byte[] { (byte)'/', (byte)'d', (byte)'e', (byte)'v', (byte)'/', (byte)'p', (byte)'t', (byte)'m', (byte)'x' };
        var control = stackalloc byte[ControlBytes];
        var header = (cmsghdr*)control;
        header->cmsg_len = ControlDataOffset + sizeof(int);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        *(int*)(control + ControlDataOffset) = (int)master.DangerousGetHandle();
        var part = new iovec { iov_base = body, iov_len = 9 };
        var message = new msghdr { msg_iov = &part, msg_iovlen = 1, msg_control = control, msg_controllen = ControlBytes };
        Check.Result(sendmsg(connection, &message, MSG_NOSIGNAL), "sendmsg", path);
    }
}
