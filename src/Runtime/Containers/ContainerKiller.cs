using CriShim.Cgroups;
using CriShim.Linux;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Containers;

/// <summary>Signals a container.</summary>
internal static class ContainerKiller
{
    /// <summary>To the init alone. False when it is gone.</summary>
    public static bool SignalInit(PidFd init, int signal) => init.SendSignal(signal);

    /// <summary>To every process of the container. SIGKILL reaches all, whatever they do; with others a process born meanwhile may be missed.</summary>
    public static void SignalAll(ICgroupManager cgroup, int signal)
    {
        if (signal == SIGKILL)
        {
            cgroup.Kill();
            return;
        }

        foreach (var pid in cgroup.GetPids())
        {
            using var process = PidFd.Open(pid);
            process?.SendSignal(signal);
        }
    }
}
