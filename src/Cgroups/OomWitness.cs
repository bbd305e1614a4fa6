using System.Text;
using CriShim.Cgroups.V2;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Pipes;

namespace CriShim.Cgroups;

/// <summary>
/// Tells the OOM kills of a v2 cgroup also when another (systemd) has removed it, and its counters with it, the moment its last process ended.
/// The parent's memory.events stays and counts them too: the kernel counts a kill in the cgroup, then in each one above, then sends SIGKILL
/// (memcg_memory_event(), __oom_kill_process()). So what the parent has more than when the cgroup was last seen is the cgroup's – or a
/// sibling's of that last moment: <see cref="Events"/> fires at those as well, to be answered with a new look.
/// <code>
/// look:  the parent's count, the cgroup's own   there -> that is the answer, and the parent's the new basis
///                                               gone  -> the parent's count again, less the basis; it stays the answer
/// </code>
/// Not thread-safe.
/// </summary>
public sealed class OomWitness : IDisposable
{
    private const int MostText = 1024; // some eight short lines

    private readonly string _path;
    private ulong _basis;
    private long _count;

    private OomWitness(string path, SafeFileHandle parentEvents) => (_path, Events) = (path, parentEvents);

    /// <summary>
    /// For epoll with EPOLLPRI: fires when <see cref="KillCount"/> may have changed, and whenever the cgroup or one beside it has hit a limit,
    /// up to a hundred times a second; until the next look.
    /// </summary>
    public SafeFileHandle Events { get; }

    /// <summary>The cgroup is gone; the count is final.</summary>
    public bool IsOver { get; private set; }

    /// <summary>How many processes the OOM killer ended, as <see cref="ICgroupManager.OomKillCount"/>.</summary>
    public long KillCount()
    {
        if (IsOver)
        {
            return _count;
        }

        // First the parent's: what is counted there by now is in the cgroup's own, if that can be read afterwards.
        var basis = ParentCount() ?? _basis;
        if (OomEvents.TryKillCount(_path) is { } own)
        {
            (_basis, _count) = (basis, own);
        }
        else
        {
            IsOver = true;
            _count += (long)StatText.Less(ParentCount() ?? _basis, _basis);
        }

        return _count;
    }

    public void Dispose() => Events.Dispose();

    /// <summary>Begins while the cgroup is there. Null where the parent counts nothing: it is the root, or has no memory controller.</summary>
    internal static OomWitness? Begin(string path)
    {
        var events = CgroupFile.TryOpen(Path.GetDirectoryName(path) + "/memory.events", O_RDONLY, out var errno);
        if (errno != Errno.None)
        {
            events.Dispose();
            return null;
        }

        var witness = new OomWitness(path, events);
        witness._basis = witness.ParentCount() ?? 0;
        _ = witness.KillCount();
        return witness;
    }

    // By this very descriptor, from its start: reading is what has the next change signalled on it (kernfs_generic_poll()).
    private ulong? ParentCount()
    {
        Span<byte> text = stackalloc byte[MostText];
        nint length;
        while ((length = pread(Events, text, text.Length, 0)) < 0 && Check.LastErrno == Errno.EINTR)
        {
        }

        return length < 0 ? null : StatText.Find(Encoding.ASCII.GetString(text[..(int)length]), "oom_kill");
    }
}
