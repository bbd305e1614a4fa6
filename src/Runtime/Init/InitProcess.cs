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
/// A container's init from inside its namespaces to the user's program:
/// <code>
///  1  receive the set-up                                7  covered and read-only paths
///  2  cgroups of v1, the cgroup namespace               8  the creator's hooks; createContainer hooks
///  3  root: attach it                                   9  pivot_root, read-only root, propagation
///  4  mounts and devices                               10  working folder
///  5  terminal                                         11  report ready; wait at the gate
///  6  host name, kernel settings                       12  startContainer hooks; the last steps, ending in execve
/// </code>
/// The order is the kernel's and the advisories': settings through a procfs of our own while the host's is still there to be compared
/// with; covering after mounting; no descriptor of the host left at the execve. A failure goes to the creator and ends the process.
/// </summary>
internal static class InitProcess
{
    private const int FailureExitCode = 1;

    public static int Run(InitChannel channel)
    {
        var step = "setup";
        var current = channel;
        try
        {
            // Nobody who gets into our namespaces may read our memory or use our descriptors.
            Check.Result(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)");
            umask(0);
            using var packet = channel.Receive();
            if (packet.Kind != InitMessage.Setup)
            {
                return FailureExitCode;
            }

            var (setup, spec) = InitSetup.Read(packet.Body);
            var fds = InitDescriptors.From(packet.Fds, setup, channel);
            using var proc = ProcessLabels.OpenProc(spec.Process!);
            step = "cgroup";
            CgroupEntry.Enter(channel, spec);
            step = "root";
            var root = SharedMounts.AreUsedBy(spec) ? SharedMounts.Attach(setup, spec, fds.Rootfs) : RootfsBuilder.AttachRoot(setup, spec, fds.Rootfs);
            step = "mounts";
            RootfsBuilder.Build(root, setup, spec, fds.Sources);
            step = "terminal";
            var master = spec.Process!.Terminal ? InitTerminal.Open(root, spec) : null;
            step = "settings";
            ApplySettings(spec);
            step = "covers";
            RootfsBuilder.Restrict(root, spec);
            step = "hooks";
            RunHooksBeforePivot(channel, setup, spec);
            step = "pivot";
            EnterRoot(root, setup, spec);
            NullStdio.Reopen();
            step = "cwd";
            WorkingFolder.Enter(spec.Process.Cwd);
            if (setup.HasGate)
            {
                ProgramLookup.Require(spec.Process);
            }

            step = "program";
            using var program = BuildProgram(setup, spec, fds, proc);
            step = "gate";
            current = WaitAtGate(channel, fds.Gate, master);
            step = "start";
            Hooks.Run(spec.Hooks?.StartContainer, "startContainer", Hooks.StateOf(setup.Id, setup.BundlePath, spec, Environment.ProcessId, "created"));
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

    private static void RunHooksBeforePivot(InitChannel channel, InitSetup setup, Spec spec)
    {
        if (setup.HasHooks)
        {
            channel.Send(InitMessage.Mounted);
            using var answer = channel.Receive();
            if (answer.Kind != InitMessage.HooksDone)
            {
                throw new RuntimeException(RuntimeErrorKind.Unknown, "the creator gave up");
            }
        }

        Hooks.Run(spec.Hooks?.CreateContainer, "createContainer", Hooks.StateOf(setup.Id, setup.BundlePath, spec, Environment.ProcessId, "creating"));
    }

    private static void EnterRoot(RootFd root, InitSetup setup, Spec spec)
    {
        using (root)
        {
            if (SharedMounts.AreUsedBy(spec))
            {
                SharedMounts.Enter(root, spec);
                return;
            }

            PivotRoot.Enter(root, setup.NoPivot);
            PivotRoot.Finish(root, spec);
        }
    }

    private static SyscallProgram BuildProgram(InitSetup setup, Spec spec, InitDescriptors fds, SafeFileHandle? proc)
    {
        var program = new SyscallProgram();
        ProcessLabels.Add(program, spec.Process!, proc);
        MemoryPolicy.Add(program, spec.Linux?.MemoryPolicy);
        ProgramParts.AddFds(program, fds.Preserved);
        program.CloseFrom(Math.Max(fds.Preserved.Last, 2) + 1);
        var keyring = setup.NoNewKeyring ? null : SessionKeyring.NameFor(setup.Id);
        ProcessProgram.AddPersonality(program, spec.Linux?.Personality);
        ProcessProgram.Add(program, WithListenFds(spec.Process!, setup.ListenFds), new ProcessProgram.Context(CapabilitySets.OwnPermitted(), keyring, setup.Seccomp)
        {
            InUserNamespace = spec.Linux?.Namespaces?.Any(item => item.Type == "user") ?? false,
            Listener = fds.Listener is { } listener ? new ProcessProgram.ListenerTarget((int)listener.DangerousGetHandle(), setup.ListenerState) : null,
        });
        return program;
    }

    /// <summary>The variables of sd_listen_fds(3); the container's own process is always 1 to itself.</summary>
    private static ProcessSpec WithListenFds(ProcessSpec process, int count) => count == 0 ? process : process with
    {
        Env = [.. process.Env ?? [], Encoding.ASCII.GetBytes($"LISTEN_FDS={count}"), "LISTEN_PID=1"u8.ToArray()],
    };

    /// <summary>Returns the channel on which the order came and the outcome is reported.</summary>
    private static InitChannel WaitAtGate(InitChannel channel, SeqPacketSocket? gate, SafeFileHandle? master)
    {
        channel.Send(InitMessage.Ready, [], master is null ? [] : [master]);
        master?.Dispose();
        if (gate is null)
        {
            using var order = channel.Receive();
            return order.Kind == InitMessage.Start ? channel : throw new RuntimeException(RuntimeErrorKind.Unknown, "the creator is gone");
        }

        // Who created us may be gone by now: only connections to the gate count.
        channel.Dispose();
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
