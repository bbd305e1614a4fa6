using System.Text;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Rootfs;
using CriShim.Runtime.Security;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Processes;

namespace CriShim.Runtime.Init;

/// <summary>
/// A container's init from inside its namespaces to the user's program. It is a copy of its creator (<see cref="InitClone"/>):
/// <code>
///  1  enter the namespaces; close what is the creator's 7  covered and read-only paths
///  2  root: attach it                                   8  the creator's hooks; createContainer hooks
///  3  mounts and devices                                9  pivot_root, read-only root, propagation
///  4  cgroups of v1, the cgroup namespace              10  working folder
///  5  terminal                                         11  report ready; wait at the gate
///  6  host name, kernel settings                       12  startContainer hooks; the last steps, ending in execve
/// </code>
/// The order is the kernel's and the advisories': settings through a procfs of our own while the host's is still there to be compared
/// with; covering after mounting; no descriptor of the host left at the execve. A failure goes to the creator and ends the process.
/// </summary>
internal static class InitProcess
{
    private const int FailureExitCode = 1;

    /// <param name="entry">The way into its namespaces and cgroups, as far as the clone has not made it.</param>
    public static int Run(InitSetup setup, SyscallProgram entry)
    {
        var step = "clone";
        var current = setup.Channel;
        try
        {
            var spec = setup.Spec;
            var listener = ListenerOf(setup);
            entry.Run();
            step = "setup";

            // Nobody who gets into our namespaces may read our memory or use our descriptors.
            OwnProcess.MakeUndumpable();
            EarlyMain.Rename("crishim-runtime\0init"u8);
            OpenDescriptors.CloseAllBut(setup.Descriptors());
            umask(0);
            using var preserved = new InheritedFds([.. setup.Request.PreservedFds.Select((fd, i) => (3 + i, fd))]);
            using var proc = ProcessLabels.OpenProc(spec.Process!);
            step = "root";
            var root = SharedMounts.AreUsedBy(spec) ? SharedMounts.Attach(setup) : RootfsBuilder.AttachRoot(setup);
            step = "mounts";
            var cgroups = new CgroupEntry(setup.Channel, spec);
            RootfsBuilder.Build(root, setup, cgroups);
            step = "cgroup";
            cgroups.Enter();
            step = "terminal";
            var master = spec.Process!.Terminal ? InitTerminal.Open(root, spec) : null;
            step = "settings";
            ApplySettings(spec);
            step = "covers";
            RootfsBuilder.Restrict(root, spec);
            step = "hooks";
            RunHooksBeforePivot(setup);
            step = "pivot";
            EnterRoot(root, setup);
            NullStdio.Reopen();
            step = "cwd";
            WorkingFolder.Enter(spec.Process.Cwd);
            if (setup.Request.Gate is not null)
            {
                ProgramLookup.Require(spec.Process);
            }

            step = "program";
            using var program = BuildProgram(setup, preserved, listener, proc);
            step = "gate";
            current = WaitAtGate(setup, master);
            step = "start";
            Hooks.Run(spec.Hooks?.StartContainer, "startContainer", StateOf(setup, "created"));
            return Execute(program, spec.Process, current);
        }
        catch (LinuxException e)
        {
            current.SendError(new RuntimeError(RuntimeErrorKind.Unknown, e.Message, step, (int)e.Errno, e.Call));
        }
        catch (RuntimeException e)
        {
            current.SendError(e.Error with { Step = step });
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException or UnauthorizedAccessException or FormatException)
        {
            current.SendError(new RuntimeError(RuntimeErrorKind.Unknown, $"{e.GetType().Name}: {e.Message}", step));
        }

        return FailureExitCode;
    }

    /// <summary>The agent is told of the process as the creator's procfs, which is still there, has it.</summary>
    private static ProcessProgram.ListenerTarget? ListenerOf(InitSetup setup)
    {
        if (setup.Agent is not { } agent)
        {
            return null;
        }

        var pid = OwnProcess.IdIn("/proc");
        var state = Hooks.StateOf(setup.Request.Id, setup.BundlePath, setup.Spec, pid, "creating");
        return new((int)agent.DangerousGetHandle(), SeccompListener.ProcessState(setup.Spec.Linux!.Seccomp!, pid, state));
    }

    /// <summary>For hooks that this process runs.</summary>
    private static State StateOf(InitSetup setup, string status) =>
        Hooks.StateOf(setup.Request.Id, setup.BundlePath, setup.Spec, OwnProcess.Id, status);

    private static void ApplySettings(Spec spec)
    {
        if (!string.IsNullOrEmpty(spec.Hostname))
        {
            HostName.Set(spec.Hostname);
        }

        if (!string.IsNullOrEmpty(spec.Domainname))
        {
            HostName.SetDomain(spec.Domainname);
        }

        Sysctl.Apply(spec.Linux?.Sysctl);
    }

    private static void RunHooksBeforePivot(InitSetup setup)
    {
        if (setup.Request.HasCreatorHooks)
        {
            setup.Channel.Send(InitMessage.Mounted);
            using var answer = setup.Channel.Receive();
            if (answer.Kind != InitMessage.HooksDone)
            {
                throw new RuntimeException(RuntimeErrorKind.Unknown, "the creator gave up");
            }
        }

        Hooks.Run(setup.Spec.Hooks?.CreateContainer, "createContainer", StateOf(setup, "creating"));
    }

    private static void EnterRoot(RootFd root, InitSetup setup)
    {
        using (root)
        {
            if (SharedMounts.AreUsedBy(setup.Spec))
            {
                SharedMounts.Enter(root, setup.Spec);
                return;
            }

            PivotRoot.Enter(root, setup.Request.NoPivot);
            PivotRoot.Finish(root, setup.Spec);
        }
    }

    private static SyscallProgram BuildProgram(
        InitSetup setup, InheritedFds preserved, ProcessProgram.ListenerTarget? listener, SafeFileHandle? proc)
    {
        var (request, spec) = (setup.Request, setup.Spec);
        var program = new SyscallProgram();
        ProcessLabels.Add(program, spec.Process!, proc);
        MemoryPolicy.Add(program, spec.Linux?.MemoryPolicy);
        ProgramParts.AddFds(program, preserved);
        program.CloseFrom(Math.Max(preserved.Last, 2) + 1);
        var keyring = request.NoNewKeyring ? null : SessionKeyring.NameFor(request.Id);
        ProcessProgram.AddPersonality(program, spec.Linux?.Personality);
        ProcessProgram.Add(program, WithListenFds(spec.Process!, request.ListenFds), new ProcessProgram.Context(CapabilitySets.OwnPermitted(), keyring, setup.Seccomp)
        {
            InUserNamespace = spec.Linux?.Namespaces?.Any(item => item.Type == "user") ?? false,
            Listener = listener,
        });
        return program;
    }

    /// <summary>The variables of sd_listen_fds(3); the container's own process is always 1 to itself.</summary>
    private static ProcessSpec WithListenFds(ProcessSpec process, int count) => count == 0 ? process : process with
    {
        Env = [.. process.Env ?? [], Encoding.ASCII.GetBytes($"LISTEN_FDS={count}"), "LISTEN_PID=1"u8.ToArray()],
    };

    /// <summary>Returns the channel on which the order came and the outcome is reported.</summary>
    private static InitChannel WaitAtGate(InitSetup setup, SafeFileHandle? master)
    {
        setup.Channel.Send(InitMessage.Ready, [], master is null ? [] : [master]);
        master?.Dispose();
        if (setup.Request.Gate is not { } gate)
        {
            using var order = setup.Channel.Receive();
            return order.Kind == InitMessage.Start ? setup.Channel : throw new RuntimeException(RuntimeErrorKind.Unknown, "the creator is gone");
        }

        // Who created us may be gone by now: only connections to the gate count.
        setup.Channel.Dispose();
        return Gate.AwaitOrder(gate);
    }

    private static int Execute(SyscallProgram program, ProcessSpec process, InitChannel channel)
    {
        try
        {
            program.Run();
        }
        catch (LinuxException e)
        {
            channel.SendError(ProcessProgram.Describe(e, process));
        }

        return FailureExitCode;
    }
}
