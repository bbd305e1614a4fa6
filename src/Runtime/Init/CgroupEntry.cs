using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using static CriShim.Linux.LibC.Namespaces;

namespace CriShim.Runtime.Init;

/// <summary>
/// The init's way into the cgroups that were made while it was at work already, and into its cgroup namespace, whose root is where the process
/// is by then. "0" is the writer: the process, single-threaded, moves itself without the kernel's global lock.
/// </summary>
internal sealed class CgroupEntry(InitChannel channel, Spec spec)
{
    private bool _entered;

    /// <summary>Waits until they are there. Once: does nothing when it was called before.</summary>
    public void Enter()
    {
        if (_entered)
        {
            return;
        }

        _entered = true;
        Join();
        if (spec.Linux?.Namespaces?.Any(item => item.Type == "cgroup" && string.IsNullOrEmpty(item.Path)) ?? false)
        {
            Check.Result(unshare((int)CLONE_NEWCGROUP), "unshare", "the cgroup namespace");
        }
    }

    private void Join()
    {
        int count;
        do
        {
            using var batch = channel.Receive();
            if (batch.Kind != InitMessage.Cgroups)
            {
                throw new RuntimeException(RuntimeErrorKind.Unknown, "the creator gave up");
            }

            foreach (var tasks in batch.Fds)
            {
                Fd.WriteAll(tasks, "0"u8);
            }

            count = batch.Fds.Count;
        }
        while (count == SeqPacketSocket.MaxFds);
    }
}
