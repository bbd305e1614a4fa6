using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Namespaces;

namespace CriShim.Runtime.Commands;

/// <summary>
/// `dial [NETWORK-NAMESPACE]`: one <see cref="ConnectRequest"/> on fd 3, one answer, the end. Without a path it stays in the host's
/// namespace. A process of its own for each connection: nothing keeps the namespace, and one that hangs holds up nobody.
/// </summary>
internal static class DialCommand
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    /// <param name="networkNamespace">Path of its pin; null: the host's.</param>
    public static int Run(string? networkNamespace)
    {
        using var channel = new ControlChannel(new SeqPacketSocket(PipePair.TakeInherited(ControlMessage.InitialFd)));
        OwnProcess.MakeUndumpable();
        using var packet = channel.Receive();
        if (packet is not { IsEnd: false })
        {
            return 1;
        }

        var sequence = 0L;
        try
        {
            var request = ControlReader.Read(packet.Bytes);
            sequence = request.Sequence;
            var port = request is ConnectRequest { Port: > 0 and <= ushort.MaxValue } connect
                ? (ushort)connect.Port
                : throw new RuntimeException(RuntimeErrorKind.InvalidArgument, "failed to dial: not a request to connect to a port");
            Enter(networkNamespace);
            using var connection = Connect(port);
            channel.Send(ControlWriter.Write(new OkReply { Sequence = sequence }), [connection]);
            return 0;
        }
        catch (RuntimeException e)
        {
            return Refuse(channel, sequence, e.Error);
        }
        catch (LinuxException e)
        {
            return Refuse(channel, sequence, new RuntimeError(RuntimeErrorKind.Unavailable, e.Message, "dial", (int)e.Errno, e.Call));
        }
    }

    private static void Enter(string? networkNamespace)
    {
        if (networkNamespace is not null)
        {
            using var pin = Fd.Open(networkNamespace, O_RDONLY);
            Check.Result(setns(pin, (int)CLONE_NEWNET), "setns", networkNamespace);
        }
    }

    /// <summary>The IPv4 error is the one that counts where both fail: most listen there, and many machines have no IPv6.</summary>
    private static SafeFileHandle Connect(ushort port)
    {
        try
        {
            return LoopbackSocket.Connect(port, ipv6: false, s_limit);
        }
        catch (LinuxException first)
        {
            try
            {
                return LoopbackSocket.Connect(port, ipv6: true, s_limit);
            }
            catch (LinuxException)
            {
                throw first;
            }
        }
    }

    private static int Refuse(ControlChannel channel, long sequence, RuntimeError error)
    {
        try
        {
            channel.Send(ControlWriter.Write(new ErrorReply(error) { Sequence = sequence }));
        }
        catch (LinuxException)
        {
            // Whoever asked is gone.
        }

        return 1;
    }
}
