using CriShim.Linux;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Cgroups;

/// <summary>SIGKILL by process id, for hierarchies without cgroup.kill.</summary>
internal static class Signalling
{
    /// <summary>A process that has ended meanwhile is no error.</summary>
    public static void KillAll(IReadOnlyList<int> pids)
    {
        foreach (var pid in pids)
        {
            Check.Tolerate(kill(pid, SIGKILL), Errno.ESRCH, "kill", pid.ToString());
        }
    }
}
