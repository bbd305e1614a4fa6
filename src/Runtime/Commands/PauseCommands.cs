using CriShim.Cgroups;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Commands;

/// <summary>pause stops all processes of a container, resume lets them go on (the kernel's freezer).</summary>
internal static class PauseCommands
{
    public static int Pause(CommandContext context)
    {
        var (cgroup, id, status) = Open(context, "pause container-id");
        if (status is not ("running" or "created"))
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"cannot pause container {id}: it is {status}");
        }

        cgroup.Freeze();
        return 0;
    }

    public static int Resume(CommandContext context)
    {
        var (cgroup, id, status) = Open(context, "resume container-id");
        if (status == "stopped" || !cgroup.IsFrozen())
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"cannot resume container {id}: it is not paused but {status}");
        }

        cgroup.Thaw();
        return 0;
    }

    private static (ICgroupManager Cgroup, string Id, string Status) Open(CommandContext context, string usage)
    {
        var id = CommandLine.Parse(context.Words, [], []).Require(1, 1, usage)[0];
        var state = context.Store.Load(id);
        return (ContainerCgroup.Open(state), id, StateCommand.StatusOf(context.Store, state));
    }
}
