using CriShim.Cgroups;
using CriShim.Cgroups.Resctrl;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Criu;

namespace CriShim.Runtime.Commands;

/// <summary>Brings a container back from the files of `checkpoint`, and, like `run`, stays with it unless told to detach.</summary>
internal static class RestoreCommand
{
    public static int Run(CommandContext context)
    {
        var options = RestoreOptions.Parse(context.Words);
        OwnProcess.MakeUndumpable();
        var (spec, json) = BundleReader.Read(options.BundlePath);
        SpecValidator.Validate(spec);
        var terminal = spec.Process?.Terminal ?? false;
        ContainerMaker.CheckTerminal(terminal, options.ConsoleSocket, options.Detach);
        var cgroupPath = ContainerCgroup.PathOf(options.Id, spec, context.UsesSystemd);
        var cgroup = CgroupManagerFactory.FromProc().Open(cgroupPath);
        var restorer = new Restorer(options, spec, cgroup, context.CriuPath);
        using var reservation = context.Store.Reserve(options.Id);
        try
        {
            cgroup.Create();
            cgroup.Apply(spec.Linux?.Resources);
            ResctrlGroup.Find(options.Id, spec.Linux?.IntelRdt)?.Create();
            var pid = restorer.Restore(context.Store.MakeRestoreFolder(), pid => Keep(context, options, spec, json, cgroupPath, pid));
            SendConsole(options, restorer);
            using var init = PidFd.Open(pid) ?? throw new RuntimeException(RuntimeErrorKind.Unknown, "its init has ended");
            Hooks.RunPoststart(spec, Hooks.StateOf(options.Id, options.BundlePath, spec, pid, "running"), init);
            if (options.Detach)
            {
                return 0;
            }

            var code = Follow(init, restorer);
            Destroy(context, options, spec, cgroup);
            return code;
        }
        catch (Exception e) when (e is RuntimeException or LinuxException or CgroupException or IOException or FormatException)
        {
            Destroy(context, options, spec, cgroup);
            throw new RuntimeException(RuntimeErrorKind.Unknown, $"failed to restore container \"{options.Id}\": {e.Message}{options.Common.SeeLog(Restorer.LogFile)}", e);
        }
    }

    private static void Keep(CommandContext context, RestoreOptions options, Spec spec, byte[] json, string cgroupPath, int pid)
    {
        var startTime = ProcStat.Read(pid)?.StartTime ?? 0;
        context.Store.Save(ContainerMaker.StateOf(options.Id, options.BundlePath, spec, cgroupPath, pid, startTime, keyring: null), json);
        ContainerMaker.WritePidFile(options.PidFile, pid);
    }

    private static void SendConsole(RestoreOptions options, Restorer restorer)
    {
        if (options.ConsoleSocket is { } socket && restorer.Console is { } master)
        {
            using (master)
            {
                ConsoleSocket.Send(socket, master);
            }
        }
    }

    private static int Follow(PidFd init, Restorer restorer)
    {
        using var signals = new SignalForwarder(init);
        using var relay = restorer.Console is { } master ? new TerminalRelay(master) : null;
        relay?.Run(init);
        return init.Reap().ExitCode;
    }

    private static void Destroy(CommandContext context, RestoreOptions options, Spec spec, ICgroupManager cgroup)
    {
        foreach (var failure in ContainerDeleter.Delete(options.Id, options.BundlePath, spec, cgroup))
        {
            context.Log.Warning(failure.Message);
        }

        context.Store.Remove(options.Id);
    }
}
