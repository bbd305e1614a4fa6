using CriShim.Cgroups;
using CriShim.Cgroups.Resctrl;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Init;
using CriShim.Runtime.Security;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Containers;

/// <summary>
/// Makes a container up to the gate before its program:
/// <code>
/// 1  validate the spec
/// 2  open the namespaces to join; compile the seccomp profile; open what the init cannot open from inside
/// 3  cgroup and resctrl group: make them, set their limits, open what a process needs to join them
/// 4  clone the init into its namespaces and cgroup; it sets to work at once
/// 5  write its id maps and its OOM score while it waits
/// 6  make its cgroups of v1 meanwhile, and hand it them
/// 7  run the hooks that belong before pivot_root
/// 8  wait until it stands at the gate
/// </code>
/// What was made is undone when a step fails. Throws <see cref="RuntimeException"/> that names the step.
/// </summary>
internal static class ContainerCreator
{
    public static CreatedContainer Create(ContainerRequest request)
    {
        SpecValidator.Validate(request.Spec);
        using var namespaces = NamespacePlan.FromSpec(request.Spec);
        var seccomp = new SeccompCache(request.SeccompCacheFolder).Compile(request.Spec.Linux?.Seccomp);
        var cgroup = Step("cgroup", () => CgroupManagerFactory.FromProc().Open(request.CgroupPath));
        using var join = Step("cgroup", () => PrepareCgroup(request, cgroup));
        ClonedProcess? init = null;
        InitChannel? channel = null;
        try
        {
            using (var mounts = Step("mounts", () => OutsideMounts.Open(request)))
            using (var agent = SeccompProfile.HasListener(seccomp) ? SeccompListener.Connect(request.Spec.Linux!.Seccomp!) : null)
            {
                var (ours, theirs) = SeqPacketSocket.CreatePair();
                channel = new InitChannel(ours);
                using var inits = new InitChannel(theirs);
                var setup = new InitSetup(request, inits, mounts)
                {
                    Seccomp = seccomp,
                    Agent = agent,
                    Cgroups = cgroup.Folders,
                };
                namespaces.UseEarlyNetwork();
                init = Step("clone", () => InitClone.Start(setup, namespaces, join));
            }

            join.Dispose();
            NetDevices.Move(request.Spec.Linux?.NetDevices, namespaces.Network, init.Pid);
            Step("cgroup", () => SendCgroups(request, channel, cgroup));
            var startTime = ProcStat.Read(init.Pid)?.StartTime ?? 0;
            request.WhileInitWorks?.Invoke(init, startTime);
            RunHooks(request, channel, init.Pid);
            if (request.StartsAtOnce)
            {
                channel.SendIfHeard(InitMessage.Start);
            }

            var console = AwaitReady(request, channel, init);
            return new CreatedContainer(request, init, startTime, cgroup, channel) { Console = console, Seccomp = seccomp };
        }
        catch
        {
            Undo(request, init, cgroup);
            channel?.Dispose();
            throw;
        }
    }

    private static CgroupJoin PrepareCgroup(ContainerRequest request, ICgroupManager cgroup)
    {
        var join = cgroup.Prepare(request.Spec.Linux?.Resources);
        try
        {
            ResctrlGroup.Find(request.Id, request.Spec.Linux?.IntelRdt)?.Create();
            return join;
        }
        catch
        {
            join.Dispose();
            cgroup.Remove();
            throw;
        }
    }

    /// <summary>A batch that is not full is the last.</summary>
    private static void SendCgroups(ContainerRequest request, InitChannel channel, ICgroupManager cgroup)
    {
        using var join = cgroup.Complete(request.Spec.Linux?.Resources);
        var sent = 0;
        do
        {
            var batch = join.TaskFiles.Skip(sent).Take(SeqPacketSocket.MaxFds).ToArray();
            channel.SendIfHeard(InitMessage.Cgroups, batch);
            sent += SeqPacketSocket.MaxFds;
        }
        while (sent <= join.TaskFiles.Count);
    }

    private static void RunHooks(ContainerRequest request, InitChannel channel, int pid)
    {
        if (!request.HasCreatorHooks)
        {
            return;
        }

        using var mounted = channel.Receive();
        ThrowUnless(InitMessage.Mounted, mounted, request.Id);
        var state = Hooks.StateOf(request.Id, request.BundlePath, request.Spec, pid, "creating");
        Hooks.Run(request.Spec.Hooks!.Prestart, "prestart", state);
        Hooks.Run(request.Spec.Hooks.CreateRuntime, "createRuntime", state);
        channel.Send(InitMessage.HooksDone);
    }

    /// <summary>The terminal's master, where there is one.</summary>
    private static SafeFileHandle? AwaitReady(ContainerRequest request, InitChannel channel, ClonedProcess init)
    {
        // Not disposed: its descriptor, if any, goes to the caller.
        var packet = channel.Receive();
        if (packet.Kind == InitMessage.End)
        {
            init.PidFd.SendSignal(SIGKILL);
            throw EndedEarly(request);
        }

        ThrowUnless(InitMessage.Ready, packet, request.Id);
        return packet.Fds.Count > 0 ? packet.Fds[0] : null;
    }

    /// <summary>Without a word of its own: it was killed, and nearly always for its memory.</summary>
    private static RuntimeException EndedEarly(ContainerRequest request) => new(
        RuntimeErrorKind.Unknown, $"failed to create container \"{request.Id}\": its init ended early (out of memory, or its memory limit is too low)");

    private static void ThrowUnless(InitMessage expected, InitPacket packet, string id)
    {
        if (packet.Kind == InitMessage.Error)
        {
            var error = packet.ReadError();
            throw new RuntimeException(error with { Message = $"failed to create container \"{id}\": {error.Message}" });
        }

        if (packet.Kind != expected)
        {
            throw new RuntimeException(RuntimeErrorKind.Unknown, $"failed to create container \"{id}\": its init ended early");
        }
    }

    /// <summary>Also once its hooks have begun: the poststop hooks are told of every container that there was (runtime.md, "Lifecycle").</summary>
    private static void Undo(ContainerRequest request, ClonedProcess? init, ICgroupManager cgroup)
    {
        if (init is not null)
        {
            init.PidFd.SendSignal(SIGKILL);
            init.PidFd.Reap();
            init.Dispose();
        }

        try
        {
            cgroup.Kill();
            ContainerDeleter.Delete(request.Id, request.BundlePath, init is null ? request.Spec with { Hooks = null } : request.Spec, cgroup);
        }
        catch (Exception e) when (e is LinuxException or CgroupException)
        {
            // The first error tells more; what is left is found by the id.
        }
    }

    private static void Step(string name, Action action) => Step(name, () =>
    {
        action();
        return true;
    });

    private static T Step<T>(string name, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (LinuxException e)
        {
            throw new RuntimeException(new RuntimeError(RuntimeErrorKind.Unknown, $"failed in step {name}: {e.Message}", name, (int)e.Errno, e.Call), e);
        }
        catch (CgroupException e)
        {
            // A value that the kernel refuses is the client's, as is a setting that this kernel has not.
            var isAsked = e.Errno is Errno.EINVAL or Errno.ERANGE or Errno.ENODEV or Errno.ENOENT;
            throw new RuntimeException(new RuntimeError(isAsked ? RuntimeErrorKind.InvalidArgument : RuntimeErrorKind.Unknown, e.Message, name), e);
        }
    }
}
