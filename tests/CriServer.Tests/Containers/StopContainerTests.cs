using CriShim.CriServer.Containers;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Containers;

public sealed class StopContainerTests : IDisposable
{
    private readonly ContainerWorld _world = new();
    private readonly StopContainer _stop;

    public StopContainerTests() => _stop = new StopContainer(_world.Containers, _world.Live, _world.Time);

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task ExecuteAsync_ProgramEndsInGrace_IsNotKilled()
    {
        var (container, supervisor) = _world.Add('a');
        var stop = _stop.ExecuteAsync(container.Id, 10, CancellationToken.None);
        await supervisor.SignalAsync();
        supervisor.Exit(0);
        await stop;
        Assert.Equal([15], supervisor.Signals);
        Assert.Equal("Completed", _world.Containers.Get(container.Id).Reason);
    }

    [Fact]
    public async Task ExecuteAsync_GraceOver_Kills()
    {
        var (container, supervisor) = _world.Add('a');
        var stop = _stop.ExecuteAsync(container.Id, 10, CancellationToken.None);
        await supervisor.SignalAsync();
        _world.Time.Advance(TimeSpan.FromSeconds(10));
        await stop;
        Assert.Equal([15, 9], supervisor.Signals);
        Assert.Equal(137, _world.Containers.Get(container.Id).ExitCode);
    }

    [Fact]
    public async Task ExecuteAsync_NoGrace_KillsAtOnce()
    {
        var (container, supervisor) = _world.Add('a');
        await _stop.ExecuteAsync(container.Id, 0, CancellationToken.None);
        Assert.Equal([9], supervisor.Signals);
    }

    [Fact]
    public async Task ExecuteAsync_TwoCalls_SignalOnceAndTheShorterGraceWins()
    {
        var (container, supervisor) = _world.Add('a');
        var patient = _stop.ExecuteAsync(container.Id, 1000, CancellationToken.None);
        await supervisor.SignalAsync();
        var hasty = _stop.ExecuteAsync(container.Id, 5, CancellationToken.None);
        _world.Time.Advance(TimeSpan.FromSeconds(5));
        await Task.WhenAll(patient, hasty);
        Assert.Equal([15, 9], supervisor.Signals);
    }

    [Fact]
    public async Task ExecuteAsync_LaterCallWithMoreGrace_DoesNotDelay()
    {
        var (container, supervisor) = _world.Add('a');
        var hasty = _stop.ExecuteAsync(container.Id, 5, CancellationToken.None);
        await supervisor.SignalAsync();
        var patient = _stop.ExecuteAsync(container.Id, 1000, CancellationToken.None);
        _world.Time.Advance(TimeSpan.FromSeconds(5));
        await Task.WhenAll(patient, hasty);
        Assert.Equal([15, 9], supervisor.Signals);
    }

    [Fact]
    public async Task ExecuteAsync_CallerLeaves_StopGoesOn()
    {
        var (container, supervisor) = _world.Add('a');
        using var caller = new CancellationTokenSource();
        var stop = _stop.ExecuteAsync(container.Id, 10, caller.Token);
        await supervisor.SignalAsync();
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stop);
        var ended = _world.Live.EndedAsync(container.Id);
        _world.Time.Advance(TimeSpan.FromSeconds(10));
        await ended;
        Assert.Equal([15, 9], supervisor.Signals);
    }

    [Fact]
    public async Task ExecuteAsync_UnknownCreatedOrExited_DoesNothing()
    {
        var (created, supervisor) = _world.Add('a', started: false);
        await _stop.ExecuteAsync("nothing", 0, CancellationToken.None);
        await _stop.ExecuteAsync(created.Id, 0, CancellationToken.None);
        Assert.Empty(supervisor.Signals);
    }

    [Fact]
    public async Task ExecuteAsync_NegativeGrace_IsRefused() =>
        Assert.Equal(
            CriErrorKind.InvalidArgument, (await Assert.ThrowsAsync<CriException>(() => _stop.ExecuteAsync("x", -1, CancellationToken.None))).Kind);
}
