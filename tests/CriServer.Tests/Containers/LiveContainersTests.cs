using System.Text.Json;
using CriShim.Cri.V1;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Tests.Containers;

public sealed class LiveContainersTests : IDisposable
{
    private readonly ContainerWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(0, false, "Completed")]
    [InlineData(3, false, "Error")]
    [InlineData(137, true, "OOMKilled")]
    public async Task Exit_Seen_IsRecordedWithItsReason(int code, bool oom, string reason)
    {
        var (container, supervisor) = _world.Add('a');
        supervisor.Exit(code, oom);
        await _world.Live.EndedAsync(container.Id);
        var after = _world.Containers.Get(container.Id);
        Assert.Equal((ContainerState.ContainerExited, code, reason, 9L), (after.State, after.ExitCode, after.Reason, after.FinishedAt));
        Assert.Null(_world.Live.Find(container.Id));
    }

    [Fact]
    public async Task ConnectionBreaks_ExitRecordOnDisk_IsUsed()
    {
        var (container, supervisor) = _world.Add('a');
        Directory.CreateDirectory(_world.Layout.ContainerFolder(container.Id));
        File.WriteAllText(
            Path.Combine(_world.Layout.ContainerFolder(container.Id), StateLayout.ExitRecordFile),
            JsonSerializer.Serialize(new ExitRecord(4, 0, false, 2, 8), ContractJsonContext.Default.ExitRecord));
        supervisor.Break();
        await _world.Live.EndedAsync(container.Id);
        Assert.Equal(4, _world.Containers.Get(container.Id).ExitCode);
    }

    [Fact]
    public async Task ConnectionBreaks_SupervisorLives_IsFollowedOn()
    {
        var (container, supervisor) = _world.Add('a');
        var again = new FakeSupervisor();
        _world.Runtime.Reachable[container.Id] = again;
        supervisor.Break();
        again.Exit(6);
        await _world.Live.EndedAsync(container.Id);
        Assert.Equal(6, _world.Containers.Get(container.Id).ExitCode);
    }

    [Fact]
    public async Task ConnectionBreaks_NothingLeft_UnknownEnd()
    {
        var (container, supervisor) = _world.Add('a');
        supervisor.Break();
        await _world.Live.EndedAsync(container.Id);
        var after = _world.Containers.Get(container.Id);
        Assert.Equal((255, "Unknown"), (after.ExitCode, after.Reason));
    }
}
