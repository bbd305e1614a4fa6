using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Logging;
using CriShim.Runtime.Supervisor.Backends;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Signals;

namespace CriShim.Runtime.Supervisor;

/// <summary>The container as its supervisor sees it, whoever made it (<see cref="IContainerBackend"/>).</summary>
internal sealed class SupervisedContainer(string id, IContainerBackend backend, int originalOomScore) : IDisposable
{
    private const int MaxSignal = 64;

    public int Pid => backend.Pid;

    public ulong StartTime => backend.StartTime;

    public PidFd PidFd => backend.PidFd;

    /// <summary>False when all its processes have ended.</summary>
    public bool HasProcesses => backend.Cgroup.IsPopulated();

    /// <summary>No PID namespace, its own or the pod's, has an init that collects orphans.</summary>
    public bool SharesHostPids => backend.Spec.Linux?.Namespaces?.Any(item => item.Type == "pid") != true;

    /// <summary>Makes the container of the bundle in the request's folder; throws, with everything undone, when that fails.</summary>
    /// <param name="mounts">As <see cref="CreateRequest"/> says.</param>
    public static SupervisedContainer Create(CreateRequest request, IReadOnlyList<SafeFileHandle> mounts, ContainerStdio stdio)
    {
        var (spec, json) = BundleReader.Read(request.Folder);
        if (spec.Process is { } process)
        {
            StdioOwner.Set(process.User, spec.Linux?.UidMappings, [stdio.Stdin, stdio.Stdout, stdio.Stderr]);
        }

        var cgroupPath = spec.Linux?.CgroupsPath is { Length: > 0 } path ? path : CgroupManagerFactory.DefaultPath(request.ContainerId, usesSystemd: false);
        var bundle = new SupervisedBundle(spec, json, cgroupPath);
        IContainerBackend backend = request.Runtime is null
            ? BuiltInBackend.Create(request, bundle, mounts, stdio)
            : OciRuntimeBackend.Create(request, bundle, mounts, stdio);
        return new SupervisedContainer(request.ContainerId, backend, OwnProcess.OomScore);
    }

    /// <summary>Null where the container has none. Once; the caller's.</summary>
    public ContainerTerminal? TakeTerminal() => backend.Console is { } console ? new ContainerTerminal(console) : null;

    public void Start() => backend.Start();

    /// <summary>True while no process can be started in it: it would stop before its program, and this process wait for it.</summary>
    public bool IsPaused => backend.Cgroup.IsFrozen();

    /// <inheritdoc cref="IContainerBackend.CreateLeaf"/>
    public CgroupLeaf? CreateLeaf(string name) => backend.CreateLeaf(name);

    /// <param name="stdio">The process's 0, 1 and 2; none with a terminal.</param>
    public StartedProcess Exec(ExecRequest request, IReadOnlyList<SafeFileHandle> stdio, CgroupLeaf? leaf)
    {
        StdioOwner.Set(request.Process.User, backend.Spec.Linux?.UidMappings, stdio);
        return backend.Exec(WithOomScore(request.Process), request.ProcessJson, stdio, leaf);
    }

    /// <summary>Signals the init, or every process. SIGKILL ends a paused container too. One that has ended is no error.</summary>
    public void Kill(int signal, bool all)
    {
        if (signal is < 1 or > MaxSignal)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to signal container \"{id}\": {signal} is no signal");
        }

        if (all)
        {
            ContainerKiller.SignalAll(backend.Cgroup, signal);
            if (signal == SIGKILL)
            {
                // Another runtime may have put it elsewhere.
                backend.PidFd.SendSignal(SIGKILL);
            }

            return;
        }

        backend.Signal(signal);
        if (signal == SIGKILL && backend.Cgroup.IsFrozen())
        {
            // What a v1 freezer holds ends only when it is let go (cgroup-v1/freezer-subsystem.rst).
            backend.Cgroup.Thaw();
        }
    }

    /// <summary>SIGKILL to every process there is; does not wait.</summary>
    public void KillRest() => backend.Cgroup.Kill();

    /// <summary>Kills and removes a container whose creation cannot be completed.</summary>
    public void Destroy()
    {
        backend.PidFd.SendSignal(SIGKILL);
        KillRest();
        _ = backend.PidFd.Reap();
        backend.Delete();
        Dispose();
    }

    /// <summary>For the loop: <see cref="WasOomKilled"/> is to be asked when it fires. Null where the cgroup stays until <see cref="Delete"/>.</summary>
    public OomWitness? Oom { get; } = backend.Cgroup.WatchOom();

    /// <summary>
    /// Whether the OOM killer ended a process of it. With a witness to be asked as soon as init has ended, and again when all has.
    /// </summary>
    public bool WasOomKilled(RuntimeLog problems)
    {
        try
        {
            return (Oom?.KillCount() ?? backend.Cgroup.OomKillCount()) > 0;
        }
        catch (Exception e) when (Failures.IsExpected(e))
        {
            problems.Error($"failed to read OOM count of container \"{id}\": {e.Message}");
            return false;
        }
    }

    /// <summary>Removes what is left of an ended container. What cannot be removed is only reported: its exit must be told all the same.</summary>
    public void Delete(RuntimeLog problems)
    {
        try
        {
            foreach (var hookFailure in backend.Delete())
            {
                problems.Error(hookFailure.Message);
            }
        }
        catch (Exception e) when (Failures.IsExpected(e))
        {
            problems.Error($"failed to delete container \"{id}\": {e.Message}");
        }
    }

    public void Dispose()
    {
        Oom?.Dispose();
        backend.Dispose();
    }

    /// <summary>The container's, where the process has none: never this process's own, which is lowered.</summary>
    private ProcessSpec WithOomScore(ProcessSpec process) =>
        process.OomScoreAdj is null ? process with { OomScoreAdj = backend.Spec.Process?.OomScoreAdj ?? originalOomScore } : process;
}
