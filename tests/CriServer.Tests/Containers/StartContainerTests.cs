using CriShim.Cri.V1;
using CriShim.CriServer.Containers;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Tests.Containers;

public sealed class StartContainerTests : IDisposable
{
    private readonly ContainerWorld _world = new();
    private readonly StartContainer _start;

    public StartContainerTests() => _start = new StartContainer(_world.Containers, _world.Live, _world.Time);

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task ExecuteAsync_Created_Runs()
    {
        var (container, _) = _world.Add('a', started: false);
        await _start.ExecuteAsync(container.Id[..8], CancellationToken.None);
        Assert.Equal(ContainerState.ContainerRunning, _world.Containers.Get(container.Id).State);
    }

    [Fact]
    public async Task ExecuteAsync_StartFails_ExitedWithStartError()
    {
        var failure = new RuntimeException(RuntimeErrorKind.NotFound, "exec: no such file");
        var (container, _) = _world.Add('a', started: false, new FakeSupervisor { StartFailure = failure });
        var error = await Assert.ThrowsAsync<CriException>(() => _start.ExecuteAsync(container.Id, CancellationToken.None));
        await _world.Live.EndedAsync(container.Id);
        var after = _world.Containers.Get(container.Id);
        Assert.Equal(
            (CriErrorKind.NotFound, ContainerState.ContainerExited, 128, "StartError", 0L, "exec: no such file"),
            (error.Kind, after.State, after.ExitCode, after.Reason, after.StartedAt, after.Message));
        Assert.NotEqual(0, after.FinishedAt);
    }

    [Fact]
    public async Task ExecuteAsync_Running_IsRefusedAndLeftAlone()
    {
        var (container, supervisor) = _world.Add('a');
        var error = await Assert.ThrowsAsync<CriException>(() => _start.ExecuteAsync(container.Id, CancellationToken.None));
        Assert.Equal(CriErrorKind.FailedPrecondition, error.Kind);
        Assert.Equal(0, supervisor.Starts);
        Assert.Equal(ContainerState.ContainerRunning, _world.Containers.Get(container.Id).State);
    }

    [Fact]
    public async Task ExecuteAsync_Unknown_NotFound() =>
        Assert.Equal(
            CriErrorKind.NotFound, (await Assert.ThrowsAsync<CriException>(() => _start.ExecuteAsync("x", CancellationToken.None))).Kind);

    [Fact]
    public async Task ResumeAsync_StartedBefore_Runs()
    {
        var already = new RuntimeException(RuntimeErrorKind.FailedPrecondition, "started already");
        var (container, _) = _world.Add('a', started: false, new FakeSupervisor { StartFailure = already });
        _world.Containers.Update(container.Id, c => c with { StartingAt = 7 });
        await _start.ResumeAsync(_world.Containers.Get(container.Id));
        Assert.Equal(7, _world.Containers.Get(container.Id).StartedAt);
    }
}
