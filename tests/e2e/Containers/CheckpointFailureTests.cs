using System.Diagnostics;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Containers;

/// <summary>Checkpoints that cannot be made: the container goes on, nothing is left, and the client is told why.</summary>
public sealed class CheckpointFailureTests(ScriptedCriuFixture fixture) : IClassFixture<ScriptedCriuFixture>
{
    private const int Unknown = 2;

    private static string? RealCriu => Command.Find("criu");

    private string Folder { get; } = Directory.CreateDirectory(Path.Combine(fixture.Server.Scratch, $"{Guid.NewGuid():N}")).FullName;

    [Fact]
    public Task Checkpoint_CriuMissing_FailsByPrecondition() =>
        FailsAsync(null, RpcAssert.FailedPrecondition, "criu is not installed");

    [Fact]
    public Task Checkpoint_CriuCannotWorkHere_FailsByPreconditionWithItsWords() =>
        FailsAsync("echo 'Error (criu/vdso.c:381): vdso: Unexpected rt vDSO area bounds' >&2; exit 1", RpcAssert.FailedPrecondition, "vdso: Unexpected rt vDSO");

    [Fact]
    public async Task Checkpoint_CriuHangs_IsDeadlineExceeded()
    {
        var clock = Stopwatch.StartNew();
        await FailsAsync("exec sleep 1000", RpcAssert.DeadlineExceeded, "not done after 1 s", timeout: 1);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{clock.Elapsed}");
    }

    /// <summary>The real one, at a place where it has the container's processes in hand: it cannot write their memory.</summary>
    [CriuFact]
    public Task Checkpoint_CriuFailsInTheMidst_ContainerGoesOn() => FailsAsync($"ulimit -f 100; exec {RealCriu} \"$@\"", Unknown, "criu failed");

    /// <summary>The same, but the signal that comes with such a write ends it.</summary>
    [CriuFact]
    public Task Checkpoint_CriuDiesInTheMidst_ContainerGoesOn() =>
        FailsAsync($"ulimit -f 100; exec env --default-signal=XFSZ {RealCriu} \"$@\"", Unknown, "criu failed");

    private async Task FailsAsync(string? criu, int code, string text, long timeout = 30)
    {
        fixture.Become(criu);
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sh", "-c", "while true; do i=$((i+1)); echo $i > /count; sleep 0.05; done");

        await RpcAssert.FailsAsync(code, text, () => fixture.Client.RuntimeAsync<CheckpointContainerResponse>(new CheckpointContainerRequest
        {
            ContainerId = pod.Container,
            Location = Path.Combine(Folder, "x.tar"),
            Timeout = timeout,
        }));

        Assert.Empty(Directory.EnumerateFiles(Folder));
        Assert.False(Directory.Exists(Path.Combine(fixture.Server.Root, "checkpoints", pod.Container)));
        var before = await fixture.OutputAsync(pod.Container, "cat", "/count");
        await Eventually.GetAsync(() => fixture.OutputAsync(pod.Container, "cat", "/count"), count => count != before);
    }
}
