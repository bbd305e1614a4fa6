using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Sockets;

namespace CriShim.Linux;

/// <summary>Connections to a unix stream socket (unix(7)) that hand a descriptor over. Throws <see cref="LinuxException"/>.</summary>
public static class UnixStream
{
    public static SafeFileHandle Connect(string path) => UnixSocket.Connect(path, SOCK_STREAM);

    /// <summary>Sends all of the body, the descriptor beside its first byte.</summary>
    public static unsafe void Send(SafeFileHandle connection, ReadOnlySpan<byte> body, SafeFileHandle descriptor)
    {
        nint sent;
        fixed (byte* bytes = body)
        {
            // SAFETY: all that the message points to outlives the call, with its length.
            var control = stackalloc byte[SocketRights.BufferBytes];
            var rights = SocketRights.Write(control, [descriptor]);
            var part = new iovec { iov_base = bytes, iov_len = (nuint)body.Length };
            var message = new msghdr { msg_iov = &part, msg_iovlen = 1, msg_control = control, msg_controllen = rights };
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
        var control = program.Bytes(new byte[SocketRights.BufferBytes]);
        var rights = SocketRights.WriteHeader((byte*)control, 1);
        var part = program.Struct(new iovec { iov_base = (void*)program.Bytes(body), iov_len = (nuint)body.Length });
        var message = program.Struct(new msghdr { msg_iov = (iovec*)part, msg_iovlen = 1, msg_control = (void*)control, msg_controllen = rights });
        return (message, control + SocketRights.DataOffset);
    }
}
