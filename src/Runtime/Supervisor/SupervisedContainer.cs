using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Logging;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Supervisor;

/// <summary>The container as its supervisor sees it: the operations of <see cref="Containers"/> on the one container there is.</summary>
internal sealed class SupervisedContainer(CreatedContainer created, int originalOomScore) : IDisposable
{
    private const int MaxSignal = 64;

    public int Pid => created.Pid;

    public ulong StartTime => created.StartTime;

    public PidFd PidFd => created.PidFd;

    public ICgroupManager Cgroup => created.Cgroup;

    /// <summary>False when all its processes have ended.</summary>
    public bool HasProcesses => created.Cgroup.IsPopulated();

    /// <summary>No PID namespace, its own or the pod's, has an init that collects orphans.</summary>
    public bool SharesHostPids => created.Spec.Linux?.Namespaces?.Any(item => item.Type == "pid") != true;

    /// <summary>Makes the container of the bundle in the request's folder; throws, with everything undone, when that fails.</summary>
    /// <param name="mounts">As <see cref="CreateRequest"/> says.</param>
    public static SupervisedContainer Create(CreateRequest request, IReadOnlyList<SafeFileHandle> mounts, ContainerStdio stdio)
    {
        var (spec, json) = BundleReader.Read(request.Folder);
        if (spec.Process is { } process)
        {
            StdioOwner.Set(process.User, spec.Linux?.UidMappings, [stdio.Stdin, stdio.Stdout, stdio.Stderr]);
        }

        var created = ContainerCreator.Create(new ContainerRequest(request.ContainerId, request.Folder, spec, json)
        {
            CgroupPath = spec.Linux?.CgroupsPath is { Length: > 0 } path ? path : CgroupManagerFactory.DefaultPath(request.ContainerId, usesSystemd: false),
            Stdin = stdio.Stdin,
            Stdout = stdio.Stdout,
            Stderr = stdio.Stderr,
            Rootfs = mounts.Count > 0 ? mounts[0] : null,
            Volumes = mounts.Skip(1).Index().ToDictionary(volume => StateLayout.VolumeIn(request.Folder, volume.Index), volume => volume.Item),
            SeccompCacheFolder = Path.GetFullPath("../../seccomp", request.Folder),
        });
        return new SupervisedContainer(created, OwnProcess.OomScore);
    }

    /// <summary>Null where the container has none. Once; the caller's.</summary>
    public ContainerTerminal? TakeTerminal() => created.Console is { } console ? new ContainerTerminal(console) : null;

    public void Start() => created.Start();

    /// <summary>True while no process can be started in it: it would stop before its program, and this process wait for it.</summary>
    public bool IsPaused => created.Cgroup.IsFrozen();

    /// <summary>A new terminal for a process, in the container's own devpts.</summary>
    public ExecTerminal OpenTerminal(ProcessSpec process) => ExecTerminal.Open(Pid, process, created.Spec.Linux?.UidMappings);

    /// <param name="stdio">The process's 0, 1 and 2.</param>
    public ClonedProcess Exec(ProcessSpec process, IReadOnlyList<SafeFileHandle> stdio, CgroupLeaf? leaf)
    {
        StdioOwner.Set(process.User, created.Spec.Linux?.UidMappings, stdio);
        return ContainerExec.Start(created, WithOomScore(process), stdio, leaf);
    }

    /// <summary>Signals the init, or every process. SIGKILL ends a paused container too. One that has ended is no error.</summary>
    public void Kill(int signal, bool all)
    {
        if (signal is < 1 or > MaxSignal)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to signal container \"{created.Id}\": {signal} is no signal");
        }

        if (all)
        {
            ContainerKiller.SignalAll(created.Cgroup, signal);
            return;
        }

        ContainerKiller.SignalInit(created.PidFd, signal);
        if (signal == SIGKILL && created.Cgroup.IsFrozen())
        {
            // What a v1 freezer holds ends only when it is let go (cgroup-v1/freezer-subsystem.rst).
            created.Cgroup.Thaw();
        }
    }

    /// <summary>SIGKILL to every process there is; does not wait.</summary>
    public void KillRest() => created.Cgroup.Kill();

    /// <summary>Kills and removes a container whose creation cannot be completed.</summary>
    public void Destroy()
    {
        created.PidFd.SendSignal(SIGKILL);
        KillRest();
        _ = created.PidFd.Reap();
        DeleteNow();
        created.Dispose();
    }

    public bool WasOomKilled(RuntimeLog problems)
    {
        try
        {
            return created.Cgroup.OomKillCount() > 0;
        }
        catch (Exception e) when (Failures.IsExpected(e))
        {
            problems.Error($"failed to read OOM count of container \"{created.Id}\": {e.Message}");
            return false;
        }
    }

    /// <summary>Removes what is left of an ended container. What cannot be removed is only reported: its exit must be told all the same.</summary>
    public void Delete(RuntimeLog problems)
    {
        try
        {
            foreach (var hookFailure in DeleteNow())
            {
                problems.Error(hookFailure.Message);
            }
        }
        catch (Exception e) when (Failures.IsExpected(e))
        {
            problems.Error($"failed to delete container \"{created.Id}\": {e.Message}");
        }
    }

    public void Dispose() => created.Dispose();

    private IReadOnlyList<RuntimeException> DeleteNow() => ContainerDeleter.Delete(created.Id, created.BundlePath, created.Spec, created.Cgroup);

    /// <summary>The container's, where the process has none: never this process's own, which is lowered.</summary>
    private ProcessSpec WithOomScore(ProcessSpec process) =>
        process.OomScoreAdj is null ? process with { OomScoreAdj = created.Spec.Process?.OomScoreAdj ?? originalOomScore } : process;
}
