using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;

namespace CriShim.E2e.Restart;

/// <summary>The server dies by SIGKILL: everything it ran goes on, and the next server knows it all.</summary>
public sealed class ServerRestartTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Restart_RunningContainer_StatusIsTheSameAndExecWorks()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(NamespaceMode.Pod), "sleep", "1000");
        var sandboxBefore = await SandboxAsync(pod.Sandbox);
        var before = await fixture.StatusAsync(pod.Container);
        await fixture.Server.RestartAsync();
        await Eventually.GetAsync(() => fixture.StatusAsync(pod.Container), status => status.State == ContainerState.ContainerRunning);
        Assert.Equal(before, await fixture.StatusAsync(pod.Container));
        Assert.Equal(sandboxBefore, await SandboxAsync(pod.Sandbox));
        Assert.Equal("alive\n", await fixture.OutputAsync(pod.Container, "echo", "alive"));
    }

    [Fact]
    public async Task Restart_ContainerExitsMeanwhile_ExitCodeAndLogAreKept()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.1; done; exit 9");
        await fixture.Server.StopAsync(9);
        await Task.Delay(TimeSpan.FromSeconds(2));
        await fixture.Server.RestartAfterStopAsync();
        var status = await fixture.WaitForExitAsync(pod.Container);
        Assert.Equal(9, status.ExitCode);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => $"{i}"), File.ReadLines(pod.LogPath()).Select(line => line.Split(' ', 4)[3]));
    }

    [Fact]
    public async Task Restart_WhileWriting_EveryLineIsInTheLogOnce()
    {
        // Lines of 100 bytes.
        var count = Durations.LogMegabytes * 10_000;
        await using var pod = await fixture.RunAsync(fixture.Pod(), "awk", $"BEGIN {{ for (i = 1; i <= {count}; i++) printf \"%099d\\n\", i }}");
        for (var i = 0; i < 3; i++)
        {
            await fixture.Server.RestartAsync();
        }

        await fixture.WaitForExitAsync(pod.Container);
        var number = 0;
        foreach (var line in File.ReadLines(pod.LogPath()))
        {
            number++;
            Assert.EndsWith($" F {number:d99}", line, StringComparison.Ordinal);
        }

        Assert.Equal(count, number);
    }

    [Fact]
    public async Task Restart_CreatedContainer_CanStillBeStarted()
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var container = await fixture.CreateAsync(sandbox, pod, TestKit.Configs.Container(pod, fixture.Image, "c", "/bin/sh", "-c", "exit 5"));
        await fixture.Server.RestartAsync();
        Assert.Equal(ContainerState.ContainerCreated, (await fixture.StatusAsync(container)).State);
        await fixture.StartAsync(container);
        Assert.Equal(5, (await fixture.WaitForExitAsync(container)).ExitCode);
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task Restart_SupervisorKilledMeanwhile_ContainerIsExitedAndRemovable()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var supervisor = TestKit.Supervisors.Of(fixture.Server.State, pod.Container);
        await fixture.Server.StopAsync(9);
        TestKit.Command.Output("/bin/kill", "-9", $"{supervisor}");
        await fixture.Server.RestartAfterStopAsync();
        var status = await fixture.WaitForExitAsync(pod.Container);
        Assert.Equal(255, status.ExitCode);
        await fixture.RemoveAsync(pod.Container);
    }

    [Fact]
    public async Task Restart_CorruptRecord_IsQuarantinedAndTheRestServes()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var folder = Directory.CreateDirectory(Path.Combine(fixture.Server.Root, "containers", new string('a', 64))).FullName;
        foreach (var record in Directory.EnumerateFiles(Path.Combine(fixture.Server.Root, "containers", pod.Container), "*.json"))
        {
            await File.WriteAllTextAsync(Path.Combine(folder, Path.GetFileName(record)), "{ not json");
        }

        await fixture.Server.RestartAsync();
        Assert.Equal(ContainerState.ContainerRunning, (await fixture.StatusAsync(pod.Container)).State);
        Assert.False(Directory.Exists(folder));
    }

    private async Task<PodSandboxStatus> SandboxAsync(string id) =>
        (await fixture.Client.RuntimeAsync<PodSandboxStatusResponse>(new PodSandboxStatusRequest { PodSandboxId = id })).Status;
}
