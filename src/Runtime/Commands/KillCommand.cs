using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Commands;

internal static class KillCommand
{
    public static int Run(CommandContext context)
    {
        var line = CommandLine.Parse(context.Words, ["all,a"], []);
        var words = line.Require(1, 2, "kill [--all] container-id [signal]");
        var signal = SignalNames.Parse(words.Count > 1 ? words[1] : "SIGTERM");
        var state = context.Store.Load(words[0]);
        var cgroup = ContainerCgroup.Open(state);
        if (line.Has("all"))
        {
            ContainerKiller.SignalAll(cgroup, signal);
            return 0;
        }

        using var init = OpenInit(context.Store, state);
        if (init is null || !ContainerKiller.SignalInit(init, signal))
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, "container not running");
        }

        // Without a PID namespace the others would outlive their init.
        if (signal == SIGKILL && !OwnsPids(context.Store.LoadSpec(words[0]).Spec))
        {
            ContainerKiller.SignalAll(cgroup, signal);
        }

        // What a v1 freezer holds ends only when it is let go.
        if (signal == SIGKILL && cgroup.IsFrozen())
        {
            cgroup.Thaw();
        }

        return 0;
    }

    private static bool OwnsPids(Spec spec) =>
        spec.Linux?.Namespaces?.Any(item => item.Type == "pid" && string.IsNullOrEmpty(item.Path)) ?? false;

    /// <summary>Null when the init has ended. The start time is compared after the opening, so it is never another process.</summary>
    public static PidFd? OpenInit(StateStore store, ContainerState state)
    {
        var init = PidFd.Open(state.Pid);
        if (init is not null && store.StatusOf(state) == "stopped")
        {
            init.Dispose();
            return null;
        }

        return init;
    }
}
