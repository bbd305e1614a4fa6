using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Containers;

public sealed class ContainerLifeTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Container_FromCreateToRemove_HasTheStatesInOrder()
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var config = Configs.Container(pod, fixture.Image, "c", "/bin/sh", "-c", "exit 7");
        var container = await fixture.CreateAsync(sandbox, pod, config);
        var created = await fixture.StatusAsync(container);
        Assert.Equal(ContainerState.ContainerCreated, created.State);
        Assert.Equal(0, created.StartedAt);
        Assert.Equal(config.Metadata, created.Metadata);
        Assert.Equal(config.Annotations, created.Annotations);
        await fixture.StartAsync(container);
        var exited = await fixture.WaitForExitAsync(container);
        Assert.Equal(7, exited.ExitCode);
        Assert.Equal("Error", exited.Reason);
        Assert.True(exited.CreatedAt <= exited.StartedAt && exited.StartedAt <= exited.FinishedAt);
        Assert.StartsWith("sha256:", exited.ImageId, StringComparison.Ordinal);
        Assert.Contains("/test/busybox@sha256:", exited.ImageRef, StringComparison.Ordinal);
        await fixture.RemoveAsync(container);
        await fixture.RemoveAsync(container);
        await RpcAssert.FailsAsync(RpcAssert.NotFound, container, () => fixture.StatusAsync(container));
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task StartContainer_CommandMissing_ExitsWithStartError()
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var container = await fixture.CreateAsync(sandbox, pod, Configs.Container(pod, fixture.Image, "c", "no-such-program"));
        var failure = await Assert.ThrowsAsync<CriCallException>(() => fixture.StartAsync(container));
        Assert.Contains("no-such-program", failure.Detail, StringComparison.Ordinal);
        var status = await fixture.StatusAsync(container);
        Assert.Equal(ContainerState.ContainerExited, status.State);
        Assert.Equal(128, status.ExitCode);
        Assert.Equal("StartError", status.Reason);
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task StopContainer_TermHandled_GivesTheProgramItsGrace()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "/bin/sh", "-c", "trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done");
        await Eventually.TrueAsync(() => File.Exists(pod.LogPath()) && File.ReadAllText(pod.LogPath()).Contains("up", StringComparison.Ordinal));
        await fixture.StopAsync(pod.Container, grace: 10);
        var status = await fixture.StatusAsync(pod.Container);
        Assert.Equal(3, status.ExitCode);
        Assert.Contains("stdout F bye", await File.ReadAllTextAsync(pod.LogPath()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StopContainer_TermIgnored_KillsAfterGrace()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.05; done");
        await fixture.StopAsync(pod.Container, grace: 1);
        Assert.Equal(137, (await fixture.StatusAsync(pod.Container)).ExitCode);
    }

    [Fact]
    public async Task MemoryLimit_Exceeded_IsReportedAsOomKilled()
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var config = Configs.Container(pod, fixture.Image, "c", "/bin/sh", "-c", "dd if=/dev/zero of=/dev/null bs=200M");
        config.Linux.Resources.MemoryLimitInBytes = 15 << 20;
        config.Linux.Resources.MemorySwapLimitInBytes = 15 << 20; // no swap, where the machine has any
        var container = await fixture.CreateAsync(sandbox, pod, config);
        await fixture.StartAsync(container);
        var status = await fixture.WaitForExitAsync(container);
        Assert.Equal("OOMKilled", status.Reason);
        Assert.Equal(137, status.ExitCode);
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task Container_EnvIsNotUtf8_ArrivesByteForByte()
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var config = Configs.Container(pod, fixture.Image, "c", "sleep", "1000");
        config.Envs.Add(new KeyValue { Key = "RAW", Value = Google.Protobuf.ByteString.CopyFrom(0xFF, 0xC3, (byte)'"', (byte)'\\', 0x0A) });
        var container = await fixture.CreateAsync(sandbox, pod, config);
        await fixture.StartAsync(container);
        var dump = await fixture.OutputAsync(container, "/bin/sh", "-c", "printf %s \"$RAW\" | hexdump -e '1/1 \"%02x\"'; tr '\\0' '\\n' < /proc/1/environ | grep -c ^RAW=");
        Assert.StartsWith("ffc3225c0a", dump, StringComparison.Ordinal);
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task ListContainers_Filters_AreAnded()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var hit = await fixture.Client.RuntimeAsync<ListContainersResponse>(new ListContainersRequest
        {
            Filter = new ContainerFilter { PodSandboxId = pod.Sandbox, State = new ContainerStateValue { State = ContainerState.ContainerRunning } },
        });
        var found = Assert.Single(hit.Containers);
        Assert.Equal(pod.Container, found.Id);
        Assert.Equal(pod.Sandbox, found.PodSandboxId);
        var miss = await fixture.Client.RuntimeAsync<ListContainersResponse>(new ListContainersRequest
        {
            Filter = new ContainerFilter { Id = pod.Container, State = new ContainerStateValue { State = ContainerState.ContainerExited } },
        });
        Assert.Empty(miss.Containers);
    }

    [Fact]
    public async Task StopAndRemoveContainer_UnknownId_Succeed()
    {
        await fixture.StopAsync("no-such-container");
        await fixture.RemoveAsync("no-such-container");
    }
}
