using CriShim.Linux;
using CriShim.Runtime.Contract;
using static CriShim.Linux.LibC.Namespaces;

namespace CriShim.Runtime.Init;

/// <summary>
/// The init's way into what its creator made while it was at work already: cgroups, its cgroup namespace, whose root is where the process is
/// by then, and a network namespace. "0" is the writer: the process, single-threaded, moves itself without the kernel's global lock.
/// </summary>
internal sealed class LateEntry(InitSetup setup)
{
    private bool _entered;

    /// <summary>Waits until all is there. Once: does nothing when it was called before.</summary>
    public void Enter()
    {
        if (_entered)
        {
            return;
        }

        _entered = true;
        JoinCgroups();
        if (setup.Spec.Linux?.Namespaces?.Any(item => item.Type == "cgroup" && string.IsNullOrEmpty(item.Path)) ?? false)
        {
            Check.Result(unshare((int)CLONE_NEWCGROUP), "unshare", "the cgroup namespace");
        }

        if (setup.AwaitsNetwork)
        {
            using var message = Receive(InitMessage.Network);
            Check.Result(setns(message.Fds[0], (int)CLONE_NEWNET), "setns", "the network namespace");
        }
    }

    private void JoinCgroups()
    {
        int count;
        do
        {
            using var batch = Receive(InitMessage.Cgroups);
            foreach (var tasks in batch.Fds)
            {
                Fd.WriteAll(tasks, "0"u8);
            }

            count = batch.Fds.Count;
        }
        while (count == SeqPacketSocket.MaxFds);
    }

    private InitPacket Receive(InitMessage expected)
    {
        var packet = setup.Channel.Receive();
        if (packet.Kind == expected)
        {
            return packet;
        }

        packet.Dispose();
        throw new RuntimeException(RuntimeErrorKind.Unknown, "the creator gave up");
    }
}
