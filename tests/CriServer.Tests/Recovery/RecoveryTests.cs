using System.Text.Json;
using CriShim.Cri.V1;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Recovery;
using CriShim.CriServer.Sandboxes;
using CriShim.CriServer.State;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Runtime.Contract;
using Microsoft.Extensions.Logging.Abstractions;
using Container = CriShim.CriServer.Containers.Container;

namespace CriShim.CriServer.Tests.Recovery;

public sealed class RecoveryTests : IDisposable
{
    private readonly SandboxWorld _world = new();
    private readonly NameRegistry _names = new();
    private readonly FakeSnapshotter _snapshotter = new();
    private readonly ContainerRecovery _containers;

    public RecoveryTests()
    {
        var world = _world.Containers;
        _containers = new ContainerRecovery(
            world.Containers, world.Live, _names, world.Records, new ContainerFiles(world.Records, _snapshotter, world.Layout, []), world.Cgroups,
            new StartContainer(world.Containers, world.Live, world.Time), world.Runtime, world.Layout, world.Time,
            NullLogger<ContainerRecovery>.Instance);
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Container_SupervisorLives_RunsAndIsFollowed()
    {
        var container = Write(ContainerWorld.NewContainer('a'));
        var supervisor = _world.Containers.Runtime.Reachable[container.Id] = new FakeSupervisor();
        await _containers.RestoreAsync();
        Assert.Equal(ContainerState.ContainerRunning, Get(container).State);
        supervisor.Exit(3);
        await _world.Containers.Live.EndedAsync(container.Id);
        Assert.Equal(3, Get(container).ExitCode);
    }

    [Fact]
    public async Task Container_EndedWhileNoServerRan_HasItsExit()
    {
        var container = Write(ContainerWorld.NewContainer('a'));
        Directory.CreateDirectory(_world.Containers.Layout.ContainerFolder(container.Id));
        File.WriteAllText(
            Path.Combine(_world.Containers.Layout.ContainerFolder(container.Id), StateLayout.ExitRecordFile),
            JsonSerializer.Serialize(new ExitRecord(137, 9, true, 2, 8), ContractJsonContext.Default.ExitRecord));
        await _containers.RestoreAsync();
        Assert.Equal((137, "OOMKilled", 8L), (Get(container).ExitCode, Get(container).Reason, Get(container).FinishedAt));
    }

    [Fact]
    public async Task Container_SupervisorGoneWithoutRecord_EndIsUnknown()
    {
        var container = Write(ContainerWorld.NewContainer('a'));
        await _containers.RestoreAsync();
        Assert.Equal((ContainerState.ContainerExited, 255, "Unknown"), (Get(container).State, Get(container).ExitCode, Get(container).Reason));
    }

    [Fact]
    public async Task Container_StartWasAskedFor_IsAskedForAgain()
    {
        var container = Write(ContainerWorld.NewContainer('a', started: false) with { StartingAt = 7 });
        var supervisor = _world.Containers.Runtime.Reachable[container.Id] = new FakeSupervisor();
        await _containers.RestoreAsync();
        Assert.Equal((1, 7L), (supervisor.Starts, Get(container).StartedAt));
    }

    [Fact]
    public async Task Container_HalfMade_IsRemovedAndNeverShown()
    {
        var container = Write(ContainerWorld.NewContainer('a', started: false) with { Supervisor = null });
        await _containers.RestoreAsync();
        await _containers.RemoveHalfMadeAsync();
        Assert.Empty(_world.Containers.Containers.All());
        Assert.Equal([container.Id], _snapshotter.Removed);
        Assert.Empty(_world.Containers.Records.ReadAll());
    }

    [Fact]
    public async Task Container_CorruptRecord_IsQuarantinedAndTheRestRestored()
    {
        var container = Write(ContainerWorld.NewContainer('a'));
        var broken = Write(ContainerWorld.NewContainer('b'));
        File.WriteAllText(Path.Combine(_world.Containers.Records.FolderOf(broken.Id), ContainerCheckpoint.FileName), "{");
        await _containers.RestoreAsync();
        Assert.Equal(container.Id, Assert.Single(_world.Containers.Containers.All()).Id);
        Assert.Single(Directory.GetDirectories(_world.Containers.Folder["quarantine"]));
    }

    [Fact]
    public async Task Container_Restored_KeepsItsName()
    {
        var container = Write(ContainerWorld.NewContainer('a') with { FinishedAt = 3 });
        await _containers.RestoreAsync();
        Assert.Equal(container.Id, _names.Reserve(container.Name, "another"));
    }

    [Theory]
    [InlineData(true, PodSandboxState.SandboxReady)]
    [InlineData(false, PodSandboxState.SandboxNotready)]
    public void Sandbox_ReadyBefore_IsReadyWhileItsNamespacesAre(bool alive, PodSandboxState state)
    {
        var sandbox = Write(ready: true);
        Assert.Equal([sandbox.Id], Sandboxes(alive).Restore());
        Assert.Equal(state, _world.Sandboxes.Get(sandbox.Id).State);
    }

    [Fact]
    public async Task Sandbox_HalfMade_IsRemovedAndNeverShown()
    {
        Write(ready: false);
        var recovery = Sandboxes(alive: true);
        Assert.Single(recovery.Restore());
        await recovery.RemoveHalfMadeAsync();
        Assert.Empty(_world.Sandboxes.All());
        Assert.Empty(_world.Records.ReadAll());
    }

    private Sandbox Write(bool ready)
    {
        var sandbox = new Sandbox
        {
            Id = new string('5', IdGenerator.Length),
            Config = SandboxWorld.HostConfig(),
            RuntimeHandler = "",
            CreatedAt = 1,
            ReadyAt = ready ? 2 : 0,
        };
        _world.Records.Write(sandbox.Id, SandboxCheckpoint.Of(sandbox));
        return sandbox;
    }

    private Container Write(Container container)
    {
        _world.Containers.Records.Write(container.Id, ContainerCheckpoint.Of(container));
        return container;
    }

    private Container Get(Container container) => _world.Containers.Containers.Get(container.Id);

    private SandboxRecovery Sandboxes(bool alive) => new(
        _world.Sandboxes, _names, _world.Records, _world.Resources, new Evidence(alive), _world.Containers.Time, NullLogger<SandboxRecovery>.Instance);

    private sealed class Evidence(bool alive) : ISandboxEvidence
    {
        public bool IsAlive(Sandbox sandbox) => alive;
    }
}
