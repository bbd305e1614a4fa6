using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Supervisor;

/// <summary>A process that was exec'd in the container, with what it started. Lives until all of them have ended.</summary>
/// <param name="Leaf">Holds exactly its processes; null where there is no v2 hierarchy to make one in.</param>
/// <param name="Owner">The connection that asked for it, and is told of its end.</param>
/// <param name="OutlivesOwner">It goes on when that connection ends.</param>
internal sealed record ExecSession(string Id, ClonedProcess Process, CgroupLeaf? Leaf, ControlConnection Owner, bool OutlivesOwner)
{
    private const int MaxKillRounds = 100;

    /// <summary>True until its first process has ended.</summary>
    public bool IsRunning { get; set; } = true;

    /// <summary>SIGKILL to the whole tree. Without a leaf what has lost its parent is out of reach, unless a PID namespace's end takes it.</summary>
    public void Kill()
    {
        if (Leaf is not null)
        {
            Leaf.Kill();
        }
        else if (IsRunning)
        {
            KillDescendants();
            Process.PidFd.SendSignal(SIGKILL);
        }
    }

    public ExecExitedEvent Reap()
    {
        var exit = Process.PidFd.TryReap() ?? default;
        IsRunning = false;
        return new ExecExitedEvent(Id, exit.ExitCode, exit.Signal);
    }

    /// <summary>Leaves first: a parent that is still there cannot hide a child by dying. Repeated, since they may fork meanwhile.</summary>
    private void KillDescendants()
    {
        for (var round = 0; round < MaxKillRounds; round++)
        {
            var killed = 0;
            foreach (var pid in ProcessTree.Descendants(Process.Pid).Reverse())
            {
                using var process = PidFd.Open(pid);
                killed += process?.SendSignal(SIGKILL) == true && ProcStat.Read(pid) is { IsAlive: true } ? 1 : 0;
            }

            if (killed == 0)
            {
                return;
            }
        }
    }
}
