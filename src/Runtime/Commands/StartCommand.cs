using CriShim.Linux;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Init;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Commands;

internal static class StartCommand
{
    private const string AlreadyRuns = "cannot start an already running container";

    public static int Run(CommandContext context)
    {
        var id = CommandLine.Parse(context.Words, [], []).Require(1, 1, "start container-id")[0];
        var state = context.Store.Load(id);
        var status = context.Store.StatusOf(state);
        if (status != "created")
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, status == "running"
                ? AlreadyRuns
                : $"cannot start a container that has {status}");
        }

        using var init = KillCommand.OpenInit(context.Store, state);
        var gate = context.Store.GatePath(id);
        using (var channel = new InitChannel(SeqPacketSocket.Connect(gate)))
        {
            // Whoever takes the gate away starts it: there may be another at the same time.
            if (unlink(gate) != 0)
            {
                throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, AlreadyRuns);
            }

            ContainerStarter.Open(channel, id);
        }

        var (spec, _) = context.Store.LoadSpec(id);
        if (spec.Hooks?.Poststart is { Count: > 0 } && init is not null)
        {
            Hooks.RunPoststart(spec, Hooks.StateOf(id, state.BundlePath, spec, state.Pid, "running"), init);
        }

        return 0;
    }
}
