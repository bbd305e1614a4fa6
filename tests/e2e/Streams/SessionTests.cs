using System.Globalization;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;
using CriShim.TestKit.Streaming;

namespace CriShim.E2e.Streams;

/// <summary>Exec and attach through the streaming server, by SPDY. EXEC_COUNT sets how many execs the flood has.</summary>
public sealed class SessionTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly int s_execs =
        int.TryParse(Environment.GetEnvironmentVariable("EXEC_COUNT"), CultureInfo.InvariantCulture, out var count) ? count : 60;

    [Fact]
    public async Task Exec_StdinOutputsAndCode_AreWhole()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        await using var session = await ExecAsync(pod, "io2", "sh", "-c", "cat; echo err >&2; exit 9");
        await session["stdin"].WriteAsync(new string('i', 200_000));
        await session["stdin"].CloseAsync();
        Assert.Equal(new string('i', 200_000), await session["stdout"].ReadTextAsync());
        Assert.Equal("err\n", await session["stderr"].ReadTextAsync());
        Assert.Contains("\"message\":\"9\"", await session["error"].ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_Terminal_HasItsSizeBeforeTheProgramStarts()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        await using var session = await ExecAsync(pod, "iot", "stty", "size");
        await session["resize"].WriteAsync("{\"Width\":93,\"Height\":41}");
        Assert.Equal("41 93\r\n", await session["stdout"].ReadTextAsync());
    }

    [Fact]
    public async Task Exec_UnknownProgram_SaysSo()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        await using var session = await ExecAsync(pod, "o", "/none/such");
        Assert.Contains("/none/such", await session["error"].ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_ClientGone_TheTreeIsKilled()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        var session = await ExecAsync(pod, "o", "sh", "-c", "sleep 7771 & echo up; sleep 7772");
        Assert.Equal("up\n"u8.ToArray(), await session["stdout"].ReadAsync());
        await session.DisposeAsync();
        await Eventually.GetAsync(
            () => fixture.OutputAsync(pod.Container, "ps", "-o", "args"), ps => !ps.Contains("777", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Exec_Flood_EveryOutputIsItsOwnAndNothingIsLeft()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        await RunOneAsync(pod, -1);
        var before = OpenFiles();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, s_execs), new ParallelOptions { MaxDegreeOfParallelism = 20 }, async (i, _) => await RunOneAsync(pod, i));
        await Eventually.GetAsync(() => Task.FromResult(OpenFiles()), files => files <= before + 2);
    }

    [Fact]
    public async Task Attach_TwoClients_SeeTheSameAndDetachWithoutHarm()
    {
        var config = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(config);
        var container = Configs.Container(config, fixture.Image, "main", "sh", "-c", "while read x; do echo got $x; done; exit 4");
        container.Stdin = true;
        await using var pod = new RunningPod(fixture, config, sandbox, await fixture.CreateAsync(sandbox, config, container));
        await fixture.StartAsync(pod.Container);
        await using var first = await AttachAsync(pod, "io");
        await using (var second = await AttachAsync(pod, "o"))
        {
            await first["stdin"].WriteAsync("one\n");
            Assert.Equal("got one\n"u8.ToArray(), await first["stdout"].ReadAsync());
            Assert.Equal("got one\n"u8.ToArray(), await second["stdout"].ReadAsync());
        }

        await first["stdin"].WriteAsync("two\n");
        Assert.Equal("got two\n"u8.ToArray(), await first["stdout"].ReadAsync());
        Assert.Equal(ContainerState.ContainerRunning, (await fixture.StatusAsync(pod.Container)).State);
    }

    private async Task RunOneAsync(RunningPod pod, int number)
    {
        await using var session = await ExecAsync(pod, "o", "sh", "-c", $"echo {number} begin; echo {number} end; exit {number & 127}");
        Assert.Equal($"{number} begin\n{number} end\n", await session["stdout"].ReadTextAsync());
        var status = await session["error"].ReadTextAsync();
        Assert.Contains((number & 127) == 0 ? "Success" : $"\"message\":\"{number & 127}\"", status, StringComparison.Ordinal);
    }

    private int OpenFiles() => Directory.GetFiles($"/proc/{fixture.Server.ProcessId}/fd").Length;

    private async Task<RemoteSession> ExecAsync(RunningPod pod, string streams, params string[] command)
    {
        var request = new ExecRequest
        {
            ContainerId = pod.Container,
            Cmd = { command },
            Stdin = streams.Contains('i'),
            Stdout = true,
            Stderr = streams.Contains('2'),
            Tty = streams.Contains('t'),
        };
        return await RemoteSession.OpenAsync((await fixture.Client.RuntimeAsync<ExecResponse>(request)).Url, streams);
    }

    private async Task<RemoteSession> AttachAsync(RunningPod pod, string streams)
    {
        var request = new AttachRequest { ContainerId = pod.Container, Stdin = streams.Contains('i'), Stdout = true };
        return await RemoteSession.OpenAsync((await fixture.Client.RuntimeAsync<AttachResponse>(request)).Url, streams);
    }
}
