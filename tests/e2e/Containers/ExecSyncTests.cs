using System.Diagnostics;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Containers;

public sealed class ExecSyncTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task ExecSync_OutputErrorAndCode_AreAllReturned()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var reply = await fixture.ExecAsync(pod.Container, "/bin/sh", "-c", "echo out; echo err >&2; exit 42");
        Assert.Equal("out\n", reply.Stdout.ToStringUtf8());
        Assert.Equal("err\n", reply.Stderr.ToStringUtf8());
        Assert.Equal(42, reply.ExitCode);
    }

    [Fact]
    public async Task ExecSync_Timeout_IsDeadlineExceededAndTheTreeIsDead()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var clock = Stopwatch.StartNew();
        await RpcAssert.FailsAsync(RpcAssert.DeadlineExceeded, "", () => fixture.Client.RuntimeAsync<ExecSyncResponse>(
            new ExecSyncRequest { ContainerId = pod.Container, Cmd = { "/bin/sh", "-c", "sleep 7777 & sleep 8888" }, Timeout = 1 }));
        Assert.True(clock.Elapsed < Patience.Seconds(5), $"{clock.Elapsed}");
        await Eventually.GetAsync(() => fixture.OutputAsync(pod.Container, "ps", "-o", "args"), ps => !ps.Contains("7777", StringComparison.Ordinal) && !ps.Contains("8888", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ExecSync_GrandchildHoldsThePipe_ReturnsAllTheSame()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var clock = Stopwatch.StartNew();
        var reply = await fixture.ExecAsync(pod.Container, "/bin/sh", "-c", "sleep 300 & echo done");
        Assert.Equal("done\n", reply.Stdout.ToStringUtf8());
        Assert.True(clock.Elapsed < Patience.Seconds(15), $"{clock.Elapsed}");
    }

    [Fact]
    public async Task ExecSync_MoreThanTheCap_IsCutAt16MiB()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var reply = await fixture.ExecAsync(pod.Container, "/bin/sh", "-c", "head -c 20000000 /dev/zero");
        Assert.Equal(0, reply.ExitCode);
        Assert.Equal(16 << 20, reply.Stdout.Length);
    }

    [Fact]
    public async Task ExecSync_ManyAtOnce_EachGetsItsOwnOutput()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var outputs = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => fixture.OutputAsync(pod.Container, "echo", $"number {i}")));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"number {i}\n"), outputs);
    }

    [Fact]
    public async Task ExecSync_CommandMissing_SaysSo()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var failure = await Assert.ThrowsAsync<TestKit.CriCallException>(() => fixture.ExecAsync(pod.Container, "no-such-program"));
        Assert.Contains("no-such-program", failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExecSync_ContainerNotRunning_Fails()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "true");
        await fixture.WaitForExitAsync(pod.Container);
        await Assert.ThrowsAsync<TestKit.CriCallException>(() => fixture.ExecAsync(pod.Container, "true"));
    }
}
