using CriShim.Cgroups;
using CriShim.Cgroups.Resctrl;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Rootfs;
using CriShim.Runtime.Security;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Containers;

/// <summary>
/// Starts a process in a container: one clone of this process, which joins the container's cgroup and namespaces and executes the
/// program, by raw system calls alone. No other managed program, no mount, no file.
/// </summary>
internal static class ContainerExec
{
    private static readonly (string File, ulong Flag)[] s_namespaces =
    [
        ("user", CLONE_NEWUSER), ("mnt", CLONE_NEWNS), ("net", CLONE_NEWNET), ("ipc", CLONE_NEWIPC), ("uts", CLONE_NEWUTS),
        ("cgroup", CLONE_NEWCGROUP), ("time", CLONE_NEWTIME),
    ];

    /// <summary>In a container of this process. stdio: three descriptors, which stay the caller's.</summary>
    public static ClonedProcess Start(CreatedContainer container, ProcessSpec process, IReadOnlyList<SafeFileHandle> stdio, CgroupLeaf? leaf) =>
        Start(new ContainerExecRequest(container.Pid, container.PidFd, process, container.Cgroup)
        {
            Container = new ExecContainer(container.Id, container.BundlePath, container.Spec),
            Stdin = stdio[0],
            Stdout = stdio[1],
            Stderr = stdio[2],
            Leaf = leaf,
            Keyring = SessionKeyring.NameFor(container.Id),
            Seccomp = container.Seccomp,
            IsChroot = SharedMounts.AreUsedBy(container.Spec),
        });

    /// <summary>
    /// Returns once the program runs. Throws <see cref="RuntimeException"/> when it does not come to that; nothing is left then. This
    /// process must have no thread that is starting another one: its PID namespace for children changes around the clone.
    /// </summary>
    public static ClonedProcess Start(ContainerExecRequest request)
    {
        ProcessRules.Check(request.Process);
        var linux = request.Container.Spec.Linux;
        using var program = new SyscallProgram();
        using var listener = ExecListener.For(request);
        var listenerFd = 3 + request.PreservedFds.Count;
        using var fds = new InheritedFds([
            (0, request.Stdin), (1, request.Stdout), (2, request.Stderr),
            .. request.PreservedFds.Select((fd, i) => (3 + i, fd)),
            .. listener is null ? [] : new[] { (listenerFd, listener.ProcessEnd) },
        ]);
        using var join = request.SubCgroups.Count > 0
            ? SubCgroupJoin.Open(request.Cgroup, request.SubCgroups)
            : request.Cgroup.OpenJoin(request.Leaf);
        using var resctrl = ResctrlGroup.Find(request.Container.Id, linux?.IntelRdt)?.OpenJoin();
        using var root = request.IsChroot ? Fd.Open($"/proc/{request.InitPid}/root", O_PATH | O_DIRECTORY) : null;
        var namespaces = NamespacesToJoin(request.InitPid);
        var entersUser = (namespaces & CLONE_NEWUSER) != 0;
        try
        {
            var init = request.InitPidFd.Handle;
            using var proc = ProcessLabels.OpenProc(request.Process);
            ProcessLabels.Add(program, request.Process, proc);
            ProgramParts.AddFds(program, fds);
            ProgramParts.AddCgroupJoin(program, join, resctrl);
            AddFinalAffinity(program, request.Process);
            MemoryPolicy.Add(program, linux?.MemoryPolicy);
            AddOomScore(program, request.Process);
            program.Call("setsid", SYS_setsid);
            program.Call("join the container's namespaces", SYS_setns, init.DangerousGetHandle(), (nint)namespaces);
            if (root is not null)
            {
                program.Call("enter the root", SYS_fchdir, root.DangerousGetHandle()).Call("chroot", SYS_chroot, program.Text("."));
            }

            if (entersUser)
            {
                program.Call("setresgid", SYS_setresgid, 0, 0, 0).Call("setresuid", SYS_setresuid, 0, 0, 0);
            }

            if (request.Process.Terminal)
            {
                program.Call("make the terminal the controlling one", SYS_ioctl, 0, Terminal.TIOCSCTTY, 0);
            }

            // Before the working folder: no folder of ours may be within reach of its path (CVE-2024-21626).
            program.CloseFrom(fds.Last + 1);
            var available = entersUser ? CapabilityTable.All : CapabilitySets.OwnPermitted();
            ProcessProgram.AddPersonality(program, linux?.Personality);
            ProcessProgram.Add(program, request.Process, new ProcessProgram.Context(available, request.Keyring, request.Seccomp)
            {
                InUserNamespace = entersUser,
                Listener = listener is null ? null : new ProcessProgram.ListenerTarget(listenerFd, [0]),
            });
            using var initial = EnterInitialAffinity(request.Process);
            return CloneExec.Start(program, new CloneOptions
            {
                Cgroup = join.CloneInto,
                PidNamespace = init,
                FirstFreeFd = fds.Last + 1,
                OnCloned = listener is null ? null : pid =>
                {
                    // The process has its copies; ours would keep its failure from being seen.
                    fds.Dispose();
                    listener.Forward(pid);
                },
            });
        }
        catch (LinuxException e)
        {
            throw new RuntimeException(ProcessProgram.Describe(e, request.Process), e);
        }
    }

    /// <summary>Those that differ from this process's: joining one's own user namespace is an error (setns(2)), the others are needless.</summary>
    private static ulong NamespacesToJoin(int pid)
    {
        var flags = 0UL;
        foreach (var (file, flag) in s_namespaces)
        {
            var theirs = new FileInfo($"/proc/{pid}/ns/{file}").LinkTarget;
            if (theirs is not null && theirs != new FileInfo($"/proc/self/ns/{file}").LinkTarget)
            {
                flags |= flag;
            }
        }

        // Joining the mount namespace, even the own, sets the root and the working folder.
        return flags | CLONE_NEWNS;
    }

    /// <summary>Where the process begins, before it is in the container's cgroup (config.md, `execCPUAffinity.initial`).</summary>
    private static IDisposable? EnterInitialAffinity(ProcessSpec process) =>
        process.ExecCpuAffinity?.Initial is { Length: > 0 } cpus ? CpuAffinity.Enter(NumberList.ToMask(cpus)) : null;

    /// <summary>Where it stays: within what its cgroup allows.</summary>
    private static void AddFinalAffinity(SyscallProgram program, ProcessSpec process)
    {
        if (process.ExecCpuAffinity?.Final is { Length: > 0 } cpus)
        {
            var mask = NumberList.ToMask(cpus)!;
            program.Call($"set CPU affinity \"{cpus}\"", SYS_sched_setaffinity, 0, mask.Length, program.Bytes(mask));
        }
    }

    private static void AddOomScore(SyscallProgram program, ProcessSpec process)
    {
        if (process.OomScoreAdj is { } score)
        {
            var text = OomScore.Format(score);
            program
                .CallAndSave("open oom_score_adj", SYS_openat, AT_FDCWD, program.Text("/proc/self/oom_score_adj"), O_WRONLY | O_CLOEXEC)
                .Call("write oom_score_adj", SYS_write, SyscallProgram.SavedResult, program.Bytes(text), text.Length, onError: OnError.Ignore);
        }
    }
}
