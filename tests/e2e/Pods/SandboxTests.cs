using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;

namespace CriShim.E2e.Pods;

public sealed class SandboxTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task RunPodSandbox_HostNetwork_IsReadyAndEchoesItsConfig()
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var status = (await fixture.Client.RuntimeAsync<PodSandboxStatusResponse>(new PodSandboxStatusRequest { PodSandboxId = sandbox })).Status;
        Assert.Equal(PodSandboxState.SandboxReady, status.State);
        Assert.Equal(pod.Metadata, status.Metadata);
        Assert.Equal(pod.Labels, status.Labels);
        Assert.Equal(pod.Annotations, status.Annotations);
        Assert.Equal(NamespaceMode.Node, status.Linux.Namespaces.Options.Network);
        Assert.Equal("", status.Network?.Ip ?? "");
        Assert.True(status.CreatedAt > 1_000_000_000_000_000_000);
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task RunPodSandbox_PodNetwork_HasAnAddressThatTheHostReaches()
    {
        await using var pod = await fixture.RunAsync(
            fixture.Pod(NamespaceMode.Pod), "/bin/sh", "-c", "mkdir -p /tmp/w; echo reached > /tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w");
        var status = (await fixture.Client.RuntimeAsync<PodSandboxStatusResponse>(new PodSandboxStatusRequest { PodSandboxId = pod.Sandbox })).Status;
        Assert.NotEqual("", status.Network.Ip);
        using var http = new HttpClient();
        var text = await Eventually.GetAsync(() => TryGetAsync(http, $"http://{status.Network.Ip}:8080/"), answer => answer.Length > 0);
        Assert.Equal("reached\n", text);
    }

    [Fact]
    public async Task RunPodSandbox_SamePodTwiceAtOnce_BothCallersGetOneSandbox()
    {
        var pod = fixture.Pod();
        var ids = await Task.WhenAll(fixture.RunPodAsync(pod), fixture.RunPodAsync(pod));
        Assert.Equal(ids[0], ids[1]);
        await fixture.RemovePodAsync(ids[0]);
    }

    [Fact]
    public async Task RunPodSandbox_WithoutMetadata_IsInvalidAndLeavesNoRecord()
    {
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "metadata", () => fixture.RunPodAsync(new PodSandboxConfig()));
        var list = await fixture.Client.RuntimeAsync<ListPodSandboxResponse>(new ListPodSandboxRequest());
        Assert.DoesNotContain(list.Items, item => item.Metadata is null || item.Metadata.Name.Length == 0);
    }

    [Fact]
    public async Task RunPodSandbox_UnknownRuntimeHandler_IsRefusedByName()
    {
        var failure = await Assert.ThrowsAsync<TestKit.CriCallException>(() => fixture.Client.RuntimeAsync<RunPodSandboxResponse>(
            new RunPodSandboxRequest { Config = fixture.Pod(), RuntimeHandler = "no-such-handler" }));
        Assert.Contains("no-such-handler", failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListPodSandbox_ByLabelStateAndShortId_FindsOnlyThatPod()
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var other = await fixture.RunPodAsync(fixture.Pod());
        var filters = new[]
        {
            new PodSandboxFilter { Id = sandbox[..13] },
            new PodSandboxFilter { LabelSelector = { ["io.kubernetes.pod.name"] = pod.Metadata.Name } },
            new PodSandboxFilter { Id = sandbox, State = new PodSandboxStateValue { State = PodSandboxState.SandboxReady } },
        };
        foreach (var filter in filters)
        {
            var list = await fixture.Client.RuntimeAsync<ListPodSandboxResponse>(new ListPodSandboxRequest { Filter = filter });
            Assert.Equal(sandbox, Assert.Single(list.Items).Id);
        }

        var streamed = await fixture.Client.StreamAsync<StreamPodSandboxesResponse>(new StreamPodSandboxesRequest());
        Assert.NotEmpty(streamed);
        await fixture.RemovePodAsync(sandbox);
        await fixture.RemovePodAsync(other);
    }

    [Fact]
    public async Task StopPodSandbox_RunningContainer_KillsItAndSandboxIsNotReady()
    {
        var pod = await fixture.RunAsync(fixture.Pod(NamespaceMode.Pod), "sleep", "1000");
        await fixture.StopPodAsync(pod.Sandbox);
        await fixture.StopPodAsync(pod.Sandbox);
        var status = await fixture.Client.RuntimeAsync<PodSandboxStatusResponse>(new PodSandboxStatusRequest { PodSandboxId = pod.Sandbox });
        Assert.Equal(PodSandboxState.SandboxNotready, status.Status.State);
        Assert.Equal(ContainerState.ContainerExited, (await fixture.StatusAsync(pod.Container)).State);
        await pod.DisposeAsync();
        await RpcAssert.FailsAsync(RpcAssert.NotFound, pod.Sandbox, () =>
            fixture.Client.RuntimeAsync<PodSandboxStatusResponse>(new PodSandboxStatusRequest { PodSandboxId = pod.Sandbox }));
    }

    [Fact]
    public async Task StopAndRemovePodSandbox_UnknownId_Succeed()
    {
        await fixture.StopPodAsync("no-such-sandbox");
        await fixture.RemovePodAsync("no-such-sandbox");
    }

    [Fact]
    public async Task SharedProcessNamespace_TwoContainers_SeeEachOtherAndPauseIsPidOne()
    {
        var config = fixture.Pod();
        config.Linux.SecurityContext.NamespaceOptions.Pid = NamespaceMode.Pod;
        await using var pod = await fixture.RunAsync(config, "sleep", "4321");
        var second = await fixture.CreateAsync(pod.Sandbox, config, TestKit.Configs.Container(config, fixture.Image, "second", "sleep", "1234"));
        await fixture.StartAsync(second);
        var processes = await fixture.OutputAsync(second, "ps", "-o", "pid,args");
        Assert.Contains("sleep 4321", processes, StringComparison.Ordinal);
        Assert.Contains("sleep 1234", processes, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(?m)^\s*1 sleep", processes);
    }

    private static async Task<string> TryGetAsync(HttpClient http, string address)
    {
        try
        {
            return await http.GetStringAsync(new Uri(address));
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }
}
