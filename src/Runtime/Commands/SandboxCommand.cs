using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Sandboxes;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Processes;

namespace CriShim.Runtime.Commands;

/// <summary>`sandbox`: one request on fd 3, one answer, the end.</summary>
internal static class SandboxCommand
{
    public static int Run()
    {
        using var channel = new ControlChannel(new SeqPacketSocket(new SafeFileHandle(ControlMessage.InitialFd, ownsHandle: true)));
        Check.Result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)");
        using var packet = channel.Receive()!;
        if (packet.IsEnd)
        {
            return 1;
        }

        var sequence = 0L;
        try
        {
            var message = ControlCodec.Decode(packet.Bytes);
            sequence = message.Sequence;
            var request = message as SandboxRequest
                ?? throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to create sandbox: not a request: {message.GetType().Name}");
            using var made = SandboxCreator.Create(request);
            var reply = new SandboxReply(made.InitPid, made.InitStartTime) { Sequence = request.Sequence };
            channel.Send(ControlCodec.Encode(reply), made.Netlink is { } netlink ? [netlink] : []);
            return 0;
        }
        catch (RuntimeException e)
        {
            return Refuse(channel, sequence, e.Error);
        }
        catch (LinuxException e)
        {
            return Refuse(channel, sequence, new RuntimeError(RuntimeErrorKind.Unknown, $"failed to create sandbox: {e.Message}", "sandbox", (int)e.Errno, e.Call));
        }
        catch (Exception e) when (e is CgroupException or IOException or UnauthorizedAccessException)
        {
            return Refuse(channel, sequence, new RuntimeError(RuntimeErrorKind.Unknown, $"failed to create sandbox: {e.Message}", "sandbox"));
        }
    }

    private static int Refuse(ControlChannel channel, long sequence, RuntimeError error)
    {
        channel.Send(ControlCodec.Encode(new ErrorReply(error) { Sequence = sequence }));
        return 1;
    }
}
