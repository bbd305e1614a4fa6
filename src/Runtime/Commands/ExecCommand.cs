using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Rootfs;
using CriShim.Runtime.Security;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Commands;

internal static class ExecCommand
{
    public static int Run(CommandContext context)
    {
        RuntimeImage.Enter();
        OwnProcess.MakeUndumpable();
        var options = ExecOptions.Parse(context.Words);
        var state = context.Store.Load(options.Id);
        var (spec, _) = context.Store.LoadSpec(options.Id);
        var container = new ExecContainer(options.Id, state.BundlePath, spec);
        var process = options.BuildProcess(spec.Process ?? new ProcessSpec());
        CheckTerminal(process.Terminal, options);
        context.Log.WarnOfUnknown(process.Capabilities);
        using var init = KillCommand.OpenInit(context.Store, state)
            ?? throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, "cannot exec in a stopped container");
        var cgroup = ContainerCgroup.Open(state);
        if (!options.IgnorePaused && cgroup.IsFrozen())
        {
            throw new RuntimeException(RuntimeErrorKind.FailedPrecondition, "cannot exec in a paused container (use --ignore-paused to override)");
        }

        using var console = process.Terminal ? ExecTerminal.Open(state.Pid, process, spec.Linux?.UidMappings) : null;
        try
        {
            using var child = Start(options, state, container, process, init, cgroup, console?.Slave, context.Store.SeccompCacheFolder);
            console?.Slave.Dispose();
            ContainerMaker.WritePidFile(options.PidFile, child.Pid);
            ContainerMaker.SendPidfd(options.PidfdSocket, child.PidFd);
            return Finish(options, child, console);
        }
        catch (RuntimeException e)
        {
            throw new RuntimeException(e.Error with { Message = $"exec failed: unable to start container process: {e.Message}" }, e);
        }
    }

    private static ClonedProcess Start(
        ExecOptions options,
        ContainerState state,
        ExecContainer container,
        ProcessSpec process,
        PidFd init,
        ICgroupManager cgroup,
        SafeFileHandle? slave,
        string seccompCache) =>
        ContainerExec.Start(new ContainerExecRequest(state.Pid, init, process, cgroup)
        {
            Container = container,
            Stdin = slave ?? ContainerMaker.Inherited(0),
            Stdout = slave ?? ContainerMaker.Inherited(1),
            Stderr = slave ?? ContainerMaker.Inherited(2),
            PreservedFds = ContainerMaker.PreservedFds(options.PreservedFds),
            SubCgroups = options.SubCgroups,
            IsChroot = SharedMounts.AreUsedBy(container.Spec),
            Keyring = state.Keyring,
            Seccomp = new SeccompCache(seccompCache).Compile(container.Spec.Linux?.Seccomp),
        });

    private static int Finish(ExecOptions options, ClonedProcess child, ExecTerminal? console)
    {
        if (options.ConsoleSocket is { } socket)
        {
            ConsoleSocket.Send(socket, console!.Master);
        }

        if (options.Detach)
        {
            return 0;
        }

        using var signals = new SignalForwarder(child.PidFd);
        if (console is not null && options.ConsoleSocket is null)
        {
            using var relay = new TerminalRelay(console.Master);
            relay.Run(child.PidFd);
        }

        return child.PidFd.Reap().ExitCode;
    }

    private static void CheckTerminal(bool terminal, ExecOptions options)
    {
        if (options.Detach && terminal && options.ConsoleSocket is null)
        {
            throw CommandLine.Wrong("a terminal that is left to somebody else needs --console-socket");
        }

        if (!terminal && options.ConsoleSocket is not null)
        {
            throw CommandLine.Wrong("--console-socket is of no use without a terminal");
        }
    }
}
