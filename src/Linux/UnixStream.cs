using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Linux;

/// <summary>Connections to a unix stream socket (unix(7)) that hand a descriptor over. Throws <see cref="LinuxException"/>.</summary>
public static class UnixStream
{
    private const int ControlBytes = 24;
    private const int ControlDataOffset = 16;

    public static unsafe SafeFileHandle Connect(string path)
    {
        using var address = new UnixAddress(path);
        var connection = Check.Result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
        try
        {
            sockaddr_un name;
            var length = address.Fill(&name);

            // SAFETY: name is filled and on the stack.
            Check.Result(connect(connection, &name, length), "connect", path);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Sends all of the body, the descriptor beside its first byte.</summary>
    public static unsafe void Send(SafeFileHandle connection, ReadOnlySpan<byte> body, SafeFileHandle descriptor)
    {
        nint sent;
        fixed (byte* bytes = body)
        {
            // SAFETY: all that the message points to outlives the call, with its length.
            var control = stackalloc byte[ControlBytes];
            WriteRights(control, (int)descriptor.DangerousGetHandle());
            var part = new iovec { iov_base = bytes, iov_len = (nuint)body.Length };
            var message = new msghdr { msg_iov = &part, msg_iovlen = 1, msg_control = control, msg_controllen = ControlBytes };
            sent = (nint)Check.Result(sendmsg(connection, &message, MSG_NOSIGNAL), "sendmsg");
        }

        Fd.WriteAll(connection, body[(int)sent..]);
    }

    /// <summary>
    /// A message in the memory of a program, for sendmsg(2): its address, and the address of the int where the descriptor's number is
    /// still to be put.
    /// </summary>
    public static unsafe (nint Message, nint Descriptor) Prepare(SyscallProgram program, ReadOnlySpan<byte> body)
    {
        Span<byte> empty = stackalloc byte[ControlBytes];
        var control = program.Bytes(empty);
        WriteRights((byte*)control, -1);
        var part = program.Struct(new iovec { iov_base = (void*)program.Bytes(body), iov_len = (nuint)body.Length });
        var message = program.Struct(new msghdr { msg_iov = (iovec*)part, msg_iovlen = 1, msg_control = (void*)control, msg_controllen = ControlBytes });
        return (message, control + ControlDataOffset);
    }

    private static unsafe void WriteRights(byte* control, int descriptor)
    {
        var header = (cmsghdr*)control;
        header->cmsg_len = ControlDataOffset + sizeof(int);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        *(int*)(control + ControlDataOffset) = descriptor;
    }
}
