using CriShim.Cgroups;
using CriShim.Cri.V1;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Specs;
using CriShim.CriServer.State;
using CriShim.Runtime.Contract;
using Microsoft.Extensions.Logging.Abstractions;
using Container = CriShim.CriServer.Containers.Container;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>Containers with fake supervisors, a clock that stands, records in a folder of the test's.</summary>
internal sealed class ContainerWorld : IDisposable
{
    public ContainerWorld()
    {
        Layout = new StateLayout(Folder["state"]);
        Records = new CheckpointFolder<ContainerCheckpoint>(
            Folder["containers"], Folder["quarantine"], ContainerCheckpoint.FileName, CheckpointJsonContext.Default.ContainerCheckpoint, _ => { });
        Containers = new ContainerStore(c => Records.Write(c.Id, ContainerCheckpoint.Of(c)));
        Cgroups = new ContainerCgroups(new CgroupManagerFactory($"30 20 0:26 / {Folder.FullPath} rw - cgroup2 cgroup2 rw\n", "0::/\n"), new FolderCgroupPaths(), NullLogger<ContainerCgroups>.Instance);
        Live = new LiveContainers(Containers, Runtime, Layout, Cgroups, Time, NullLogger<LiveContainers>.Instance);
    }

    public TestFolder Folder { get; } = new();

    public FakeTime Time { get; } = new();

    public FakeRuntimeClient Runtime { get; } = new();

    public StateLayout Layout { get; }

    public CheckpointFolder<ContainerCheckpoint> Records { get; }

    public ContainerStore Containers { get; }

    public ContainerCgroups Cgroups { get; }

    public LiveContainers Live { get; }

    public static Container NewContainer(char digit, bool started = true) => new()
    {
        Id = new string(digit, IdGenerator.Length),
        SandboxId = new string('5', IdGenerator.Length),
        Config = new ContainerConfig { Metadata = new ContainerMetadata { Name = "c" + digit }, Image = new ImageSpec { Image = "image" } },
        Name = $"c{digit}_0_s",
        ImageId = "sha256:1",
        ImageName = "image:latest",
        ImageReference = "image@sha256:2",
        StopSignal = StopSignals.Terminate,
        CreatedAt = 1,
        StartedAt = started ? 2 : 0,
        Supervisor = new SupervisorRecord(100, 1, 101, 1),
    };

    /// <summary>A container in the store with a supervisor that is followed.</summary>
    public (Container Container, FakeSupervisor Supervisor) Add(char digit, bool started = true, FakeSupervisor? supervisor = null)
    {
        var container = NewContainer(digit, started);
        supervisor ??= new FakeSupervisor();
        Containers.Add(container);
        Live.Add(container.Id, supervisor);
        return (container, supervisor);
    }

    public void Dispose() => Folder.Dispose();
}
