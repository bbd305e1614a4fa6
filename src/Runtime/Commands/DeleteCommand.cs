using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Commands;

internal static class DeleteCommand
{
    private static readonly TimeSpan s_killLimit = TimeSpan.FromSeconds(10);

    public static int Run(CommandContext context)
    {
        var line = CommandLine.Parse(context.Words, ["force,f"], []);
        var id = line.Require(1, 1, "delete [--force] container-id")[0];
        var force = line.Has("force");
        if (force && !context.Store.Exists(id))
        {
            context.Store.RemoveLeftover(id);
            return 0;
        }

        var state = context.Store.Load(id);
        var cgroup = ContainerCgroup.Open(state);
        var status = context.Store.StatusOf(state);
        if (status != "stopped")
        {
            // A container that was never started has no program to wait for.
            if (!force && status != "created")
            {
                throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"cannot delete container {id} that is not stopped: {status}");
            }

            KillInit(context.Store, state, cgroup);
        }

        var (spec, _) = context.Store.LoadSpec(id);
        foreach (var failure in ContainerDeleter.Delete(id, state.BundlePath, spec, cgroup))
        {
            context.Log.Warning(failure.Message);
        }

        context.Store.Remove(id);
        return 0;
    }

    private static void KillInit(StateStore store, ContainerState state, ICgroupManager cgroup)
    {
        using var init = KillCommand.OpenInit(store, state);
        if (init is null)
        {
            return;
        }

        ContainerKiller.SignalInit(init, SIGKILL);
        if (cgroup.IsFrozen())
        {
            cgroup.Thaw();
        }

        if (!ProcessEnd.Wait(init, s_killLimit))
        {
            throw new RuntimeException(RuntimeErrorKind.DeadlineExceeded, $"failed to delete container \"{state.Id}\": its init does not end");
        }
    }
}
