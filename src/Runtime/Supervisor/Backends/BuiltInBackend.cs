using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Supervisor.Backends;

/// <summary>This program's own operations (<see cref="Containers"/>) on the container.</summary>
internal sealed class BuiltInBackend(CreatedContainer created) : IContainerBackend
{
    public int Pid => created.Pid;

    public ulong StartTime => created.StartTime;

    public PidFd PidFd => created.PidFd;

    public Spec Spec => created.Spec;

    public ICgroupManager Cgroup => created.Cgroup;

    public SafeFileHandle? Console => created.Console;

    /// <param name="mounts">As <see cref="CreateRequest"/> says.</param>
    public static BuiltInBackend Create(CreateRequest request, SupervisedBundle bundle, IReadOnlyList<SafeFileHandle> mounts, ContainerStdio stdio) =>
        new(ContainerCreator.Create(new ContainerRequest(request.ContainerId, request.Folder, bundle.Spec)
        {
            CgroupPath = bundle.CgroupPath,
            Stdin = stdio.Stdin,
            Stdout = stdio.Stdout,
            Stderr = stdio.Stderr,
            Rootfs = mounts.Count > 0 ? mounts[0] : null,
            Volumes = mounts.Skip(1).Index().ToDictionary(volume => StateLayout.VolumeIn(request.Folder, volume.Index), volume => volume.Item),
            SeccompCacheFolder = Path.GetFullPath("../../seccomp", request.Folder),
        }));

    public void Start() => created.Start();

    public CgroupLeaf? CreateLeaf(string name) => created.Cgroup.CreateLeaf(name);

    public StartedProcess Exec(ProcessSpec process, ReadOnlyMemory<byte> json, IReadOnlyList<SafeFileHandle> stdio, CgroupLeaf? leaf)
    {
        using var terminal = process.Terminal ? ExecTerminal.Open(Pid, process, Spec.Linux?.UidMappings) : null;
        var started = ContainerExec.Start(created, process, terminal is null ? stdio : [terminal.Slave, terminal.Slave, terminal.Slave], leaf);
        return new StartedProcess(started, terminal is null ? null : Fd.Duplicate(terminal.Master));
    }

    public void Signal(int signal) => ContainerKiller.SignalInit(created.PidFd, signal);

    public IReadOnlyList<RuntimeException> Delete() => ContainerDeleter.Delete(created);

    public void Dispose() => created.Dispose();
}
