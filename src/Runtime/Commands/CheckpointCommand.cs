using CriShim.Linux;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Criu;

namespace CriShim.Runtime.Commands;

/// <summary>Saves a container to files; but with --leave-running or --pre-dump it is gone afterwards, for `restore` to bring back.</summary>
internal static class CheckpointCommand
{
    public static int Run(CommandContext context)
    {
        var options = CheckpointOptions.Parse(context.Words);
        OwnProcess.MakeUndumpable();
        var state = context.Store.Load(options.Id);
        var status = StateCommand.StatusOf(context.Store, state);
        if (status is not ("running" or "paused"))
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, $"cannot checkpoint container {options.Id}: it is {status}");
        }

        var (spec, _) = context.Store.LoadSpec(options.Id);
        var cgroup = ContainerCgroup.Open(state);
        try
        {
            Checkpointer.Save(state, spec, cgroup, options, context.CriuPath);
        }
        catch (RuntimeException e)
        {
            throw new RuntimeException(e.Error with { Message = $"failed to checkpoint container \"{options.Id}\": {e.Message}{options.Common.SeeLog(Checkpointer.LogFile)}" }, e);
        }

        if (!options.LeaveRunning && !options.IsPreDump)
        {
            foreach (var failure in ContainerDeleter.Delete(options.Id, state.BundlePath, spec, cgroup))
            {
                context.Log.Warning(failure.Message);
            }

            context.Store.Remove(options.Id);
        }

        return 0;
    }
}
