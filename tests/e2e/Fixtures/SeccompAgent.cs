using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace CriShim.E2e.Fixtures;

/// <summary>
/// A seccomp agent (seccomp_unotify(2)) that answers every call it is asked about with one errno. It takes one connection and keeps what
/// came with it.
/// </summary>
public sealed class SeccompAgent : IDisposable
{
    private const ulong NotifReceive = 0xC0502100; // SECCOMP_IOCTL_NOTIF_RECV
    private const ulong NotifSend = 0xC0182101; // SECCOMP_IOCTL_NOTIF_SEND
    private const int NotifBytes = 80;
    private const int ResponseBytes = 24;
    private const int MaxStateBytes = 64 * 1024;

    private readonly Socket _listening = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly int _errno;

    public SeccompAgent(string path, int errno)
    {
        _errno = errno;
        _listening.Bind(new UnixDomainSocketEndPoint(path));
        _listening.Listen();
        Answering = Task.Factory.StartNew(Answer, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Ends with the state that was sent, once one call was answered.</summary>
    public Task<string> Answering { get; }

    public void Dispose() => _listening.Dispose();

    private string Answer()
    {
        using var connection = _listening.Accept();
        var (state, descriptor) = Receive((int)connection.Handle);
        using var listener = new SafeFileHandle(descriptor, ownsHandle: true);
        var buffer = Marshal.AllocHGlobal(NotifBytes);
        try
        {
            Marshal.Copy(new byte[NotifBytes], 0, buffer, NotifBytes);
            Require(ioctl(descriptor, NotifReceive, buffer) == 0, "SECCOMP_IOCTL_NOTIF_RECV");

            // struct seccomp_notif_resp: id, val, error, flags.
            var response = new byte[ResponseBytes];
            BitConverter.TryWriteBytes(response, Marshal.ReadInt64(buffer));
            BitConverter.TryWriteBytes(response.AsSpan(16), -_errno);
            Marshal.Copy(response, 0, buffer, ResponseBytes);
            Require(ioctl(descriptor, NotifSend, buffer) == 0, "SECCOMP_IOCTL_NOTIF_SEND");
        }
        finally
        {
            Marshal.FreeHGlobal(buffer);
        }

        return state;
    }

    /// <summary>recvmsg(2) of one message with one descriptor: 56 bytes of struct msghdr, 16 of iovec, 24 of control.</summary>
    internal static (string State, int Descriptor) Receive(int socket)
    {
        var memory = Marshal.AllocHGlobal(96 + MaxStateBytes);
        try
        {
            Marshal.Copy(new byte[96], 0, memory, 96);
            Marshal.WriteIntPtr(memory, 16, memory + 56); // msg_iov
            Marshal.WriteInt64(memory, 24, 1); // msg_iovlen
            Marshal.WriteIntPtr(memory, 32, memory + 72); // msg_control
            Marshal.WriteInt64(memory, 40, 24); // msg_controllen
            Marshal.WriteIntPtr(memory, 56, memory + 96); // iov_base
            Marshal.WriteInt64(memory, 64, MaxStateBytes); // iov_len
            var count = recvmsg(socket, memory, 0);
            Require(count > 0, "recvmsg");
            var state = new byte[count];
            Marshal.Copy(memory + 96, state, 0, state.Length);
            return (Encoding.UTF8.GetString(state), Marshal.ReadInt32(memory, 72 + 16));
        }
        finally
        {
            Marshal.FreeHGlobal(memory);
        }
    }

    private static void Require(bool holds, string call)
    {
        if (!holds)
        {
            throw new IOException($"{call}: errno {Marshal.GetLastPInvokeError()}");
        }
    }

#pragma warning disable SYSLIB1054 // what it would generate is unsafe code, which only src/Linux may have
    [DllImport("libc", SetLastError = true)]
    private static extern int ioctl(int fd, ulong request, nint argument);

    [DllImport("libc", SetLastError = true)]
    private static extern nint recvmsg(int socket, nint message, int flags);
#pragma warning restore SYSLIB1054
}
