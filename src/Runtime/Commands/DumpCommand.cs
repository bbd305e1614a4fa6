using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Criu;

namespace CriShim.Runtime.Commands;

/// <summary>
/// `dump`: one <see cref="DumpRequest"/> on fd 3, one answer, the end. A process of its own for each: criu holds the container still, and its
/// supervisor has streams to move meanwhile.
/// </summary>
internal static class DumpCommand
{
    /// <summary>criu's that leave the network alone when asked to (NETWORK_LOCK_SKIP).</summary>
    private static readonly Version s_skipsNetworkLock = new(3, 19, 0);

    public static int Run()
    {
        using var channel = new ControlChannel(new SeqPacketSocket(PipePair.TakeInherited(ControlMessage.InitialFd)));
        OwnProcess.MakeUndumpable();
        using var packet = channel.Receive();
        return packet is { IsEnd: false } ? Answer(channel, packet) : 1;
    }

    private static int Answer(ControlChannel channel, Packet packet)
    {
        ControlMessage reply;
        var sequence = 0L;
        try
        {
            var message = ControlReader.Read(packet.Bytes);
            sequence = message.Sequence;
            Save(
                message as DumpRequest ?? throw new RuntimeException(RuntimeErrorKind.InvalidArgument, "failed to dump: the first message is not to dump"),
                channel);
            reply = new OkReply();
        }
        catch (Exception e) when (Supervisor.Failures.IsExpected(e) || e is FormatException)
        {
            reply = new ErrorReply(Supervisor.Failures.Describe(e));
        }

        try
        {
            channel.Send(ControlWriter.Write(reply with { Sequence = sequence }));
        }
        catch (LinuxException)
        {
            // Whoever asked is gone.
        }

        return reply is OkReply ? 0 : 1;
    }

    private static void Save(DumpRequest request, ControlChannel channel)
    {
        var (spec, _) = BundleReader.Read(request.Folder);
        var cgroup = CgroupManagerFactory.FromProc().Open(request.CgroupPath);
        var rootfs = Path.GetFullPath(spec.Root?.Path ?? "rootfs", request.Folder);
        var state = new ContainerState(request.ContainerId, request.InitPid, 0, request.Folder, rootfs, request.CgroupPath, 0, null, null);

        var watch = new DumpWatch(channel);
        watch.Start();

        // What any pod may have: locked files, connections, sockets and terminals whose other end is outside.
        var options = CheckpointOptions.Parse(
        [
            "--leave-running", "--file-locks", "--ext-unix-sk", "--tcp-established", "--shell-job",
            "--image-path", request.ImagePath, "--work-path", request.WorkPath, request.ContainerId,
        ]) with
        { SkipsNetworkLock = CriuFeatures.VersionOf(request.Criu, watch.Begin) >= s_skipsNetworkLock };
        Checkpointer.Save(state, spec, cgroup, options, request.Criu, watch);
    }
}
