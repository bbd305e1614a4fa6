using CriShim.Linux;
using CriShim.Linux.LibC;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Logging;
using CriShim.Runtime.Supervisor;

namespace CriShim.Runtime.Commands;

/// <summary>
/// `supervise`: started by the server with a connection as fd <see cref="ControlMessage.InitialFd"/>, whose first message makes the
/// container. Exits when the container has ended, or with 1 when it could not be made.
/// </summary>
internal static class SuperviseCommand
{
    private const string ProblemLogFile = "supervisor.log";

    /// <summary>Least that is not a promise to never be killed, as for the kubelet.</summary>
    private const int OomScore = -999;

    public static int Run()
    {
        RuntimeImage.Enter();
        PrepareProcess();
        using var channel = new ControlChannel(new SeqPacketSocket(PipePair.TakeInherited(ControlMessage.InitialFd)));
        using var packet = channel.Receive();
        return packet is { IsEnd: false } ? Supervise(channel, packet) : 0;
    }

    private static int Supervise(ControlChannel channel, Packet packet)
    {
        var time = TimeProvider.System;
        var sequence = 0L;
        RuntimeLog? problems = null;
        try
        {
            var message = ControlReader.Read(packet.Bytes);
            sequence = message.Sequence;
            var request = message as CreateRequest
                ?? throw new RuntimeException(RuntimeErrorKind.InvalidArgument, "failed to supervise: the first message is not to create");
            problems = new RuntimeLog(Path.Combine(request.Folder, ProblemLogFile), time);
            using var supervisor = Supervisor.Supervisor.Create(request, packet.Fds, time, problems);
            packet.Dispose();
            FinalizerThread.Start();
            OwnProcess.OomScore = OomScore;
            supervisor.Run(channel, sequence);
            return 0;
        }
        catch (Exception e) when (Failures.IsExpected(e))
        {
            Report(channel, new ErrorReply(Failures.Describe(e)) { Sequence = sequence }, problems);
            return 1;
        }
        finally
        {
            problems?.Dispose();
        }
    }

    /// <summary>
    /// Signals are for containers, not for their supervisors: nothing but SIGKILL ends one. The OOM score is lowered once the container
    /// init was cloned, so that it does not inherit it.
    /// </summary>
    private static void PrepareProcess()
    {
        Directory.SetCurrentDirectory("/");
        OwnProcess.LeaveSession();
        OwnProcess.MakeUndumpable();
        OwnProcess.BecomeSubreaper();
        OwnProcess.Ignore(
            Signals.SIGHUP, Signals.SIGINT, Signals.SIGQUIT, Signals.SIGTERM, Signals.SIGPIPE, Signals.SIGALRM, Signals.SIGUSR1, Signals.SIGUSR2, Signals.SIGXFSZ);
    }

    private static void Report(ControlChannel channel, ErrorReply reply, RuntimeLog? problems)
    {
        try
        {
            channel.Send(ControlWriter.Write(reply), wait: false);
        }
        catch (IOException)
        {
            // The server is gone; it finds the reason here.
            problems?.Error(reply.Error.Message);
        }
    }
}
