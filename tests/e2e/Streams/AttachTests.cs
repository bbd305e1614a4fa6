using CriShim.CriServer.Errors;
using CriShim.CriServer.Streaming.Targets;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Streams;

public sealed class AttachTests(StreamsFixture fixture) : IClassFixture<StreamsFixture>
{
    [Fact]
    public async Task Attach_TwoClients_BothGetAllFromTheirMomentOn()
    {
        await using var pod = await fixture.RunAsync(config => config.Stdin = true, "/bin/sh", "-c", "echo before; while read x; do echo out $x; echo err $x >&2; done");
        await Eventually.TrueAsync(() => File.ReadAllText(pod.LogPath()).Contains("before", StringComparison.Ordinal));
        await using var first = await fixture.AttachAsync(pod.Container);
        await using var second = await fixture.AttachAsync(pod.Container, stdin: false);
        await first.Stdin.WriteTextAsync("1\n");
        Assert.Equal("out 1\n", await first.Stdout.ReadUntilAsync("\n"));
        Assert.Equal("err 1\n", await first.Stderr.ReadUntilAsync("\n"));
        Assert.Equal("out 1\n", await second.Stdout.ReadUntilAsync("\n"));
        Assert.Equal("err 1\n", await second.Stderr.ReadUntilAsync("\n"));
        Assert.Equal(["before", "out 1", "err 1"], Log(pod));
    }

    [Fact]
    public async Task Attach_ClientLeaves_ContainerGoesOn()
    {
        await using var pod = await fixture.RunAsync(config => config.Stdin = true, "cat");
        await using (var first = await fixture.AttachAsync(pod.Container))
        {
            await first.Stdin.WriteTextAsync("one\n");
            await first.Stdout.ReadUntilAsync("one\n");
        }

        await using var second = await fixture.AttachAsync(pod.Container);
        await second.Stdin.WriteTextAsync("two\n");
        Assert.Equal("two\n", await second.Stdout.ReadUntilAsync("\n"));

        // The end of a client's input is not the end of the program's.
        await second.Stdin!.DisposeAsync();
        await Task.Delay(200);
        Assert.False(second.Exit.IsCompleted);
        Assert.Equal(["one", "two"], Log(pod));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Attach_StdinOnce_FirstClientsEndIsTheProgramsEnd(bool leaves)
    {
        await using var pod = await fixture.RunAsync(
            config => (config.Stdin, config.StdinOnce) = (true, true), "/bin/sh", "-c", "cat; echo over; exit 4");
        await using var watcher = await fixture.AttachAsync(pod.Container, stdin: true);
        var client = await fixture.AttachAsync(pod.Container);
        await client.Stdin.WriteTextAsync("text\n");
        await client.Stdout.ReadUntilAsync("text\n");
        if (leaves)
        {
            await client.DisposeAsync();
        }
        else
        {
            await client.Stdin!.DisposeAsync();
            Assert.Equal("over\n", await client.Stdout.ReadTextAsync());
        }

        Assert.Equal("text\nover\n", await watcher.Stdout.ReadTextAsync());
        Assert.Equal(4, await watcher.Exit);
        Assert.Equal(4, (await fixture.Server.WaitForExitAsync(pod.Container)).ExitCode);
        await client.DisposeAsync();
    }

    [Fact]
    public async Task Attach_Terminal_SizeInputAndDetach()
    {
        await using var pod = await fixture.RunAsync(
            config => (config.Stdin, config.Tty) = (true, true),
            "/bin/sh", "-c", "trap 'stty size' WINCH; echo ready; while :; do if read x; then [ \"$x\" = end ] && exit 6; echo got $x; fi; done");
        await Eventually.TrueAsync(() => Log(pod).Any(line => line.StartsWith("ready", StringComparison.Ordinal)));
        await using (var first = await fixture.AttachAsync(pod.Container, size: new TerminalSize(120, 40)))
        {
            Assert.Null(first.Stderr);
            await first.Stdin.WriteTextAsync("a\n");
            await first.Stdout.ReadUntilAsync("40 120");
            await first.ResizeAsync(new TerminalSize(90, 30));
            await first.Stdin.WriteTextAsync("b\n");
            await first.Stdout.ReadUntilAsync("30 90");
        }

        await using var second = await fixture.AttachAsync(pod.Container, stderr: false);
        await second.Stdin.WriteTextAsync("c\nend\n");
        Assert.Contains("got c", await second.Stdout.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Equal(6, await second.Exit);
        Assert.Contains("got a", Log(pod));
        Assert.All(File.ReadLines(pod.LogPath()), line => Assert.Contains(" stdout ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Attach_ContainerWithoutStdin_InputIsThrownAway()
    {
        await using var pod = await fixture.RunAsync("/bin/sh", "-c", "cat; echo eof; sleep 1; exit 2");
        await using var client = await fixture.AttachAsync(pod.Container);
        await client.Stdin!.WriteAsync(new byte[1 << 20]);
        await client.Stdout.ReadTextAsync();
        Assert.Equal(2, await client.Exit);
        Assert.Equal(["eof"], Log(pod));
    }

    [Fact]
    public async Task Attach_ClientDoesNotRead_IsDroppedAndHoldsUpNobody()
    {
        await using var pod = await fixture.RunAsync(config => config.Stdin = true, "/bin/sh", "-c", "read x; seq 2000000; echo done; sleep 1000");
        await using var slow = await fixture.AttachAsync(pod.Container);
        await slow.Stdin.WriteTextAsync("go\n");
        var failure = await Assert.ThrowsAsync<CriException>(() => slow.Exit.WaitAsync(Patience.Seconds(20)));
        Assert.Contains("slower", failure.Message, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => LastLine(pod) == "done");
        Assert.Equal(Enumerable.Range(1, 2000000).Select(i => $"{i}").Append("done"), Log(pod));

        // What it was given before is the beginning, without a gap.
        var text = await slow.Stdout.ReadTextAsync();
        Assert.StartsWith("1\n2\n3\n", text, StringComparison.Ordinal);
        var lines = text.Split('\n');
        Assert.Equal(Enumerable.Range(1, lines.Length - 1).Select(i => $"{i}"), lines[..^1]);
    }

    [Fact]
    public async Task Attach_ProgramDoesNotRead_ClientsWaitAndContainerServesOn()
    {
        await using var pod = await fixture.RunAsync(config => config.Stdin = true, "/bin/sh", "-c", "while :; do echo tick; sleep 0.1; done");
        await using var client = await fixture.AttachAsync(pod.Container);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await client.Stdin!.WriteAsync(new byte[4 << 20], limit.Token));
        await client.Stdout.ReadUntilAsync("tick");
        Assert.Equal("alive\n", await fixture.Server.OutputAsync(pod.Container, "echo", "alive"));
    }

    [Fact]
    public async Task Attach_ManyTimes_NothingIsLeftInTheSupervisor()
    {
        await using var pod = await fixture.RunAsync(config => config.Stdin = true, "cat");
        var supervisor = Supervisors.Of(fixture.Server.Server.State, pod.Container);
        await using (var first = await fixture.AttachAsync(pod.Container))
        {
            await first.Stdin.WriteTextAsync("x\n");
            await first.Stdout.ReadUntilAsync("x");
        }

        await Task.Delay(500);
        var descriptors = Directory.GetFiles($"/proc/{supervisor}/fd").Length;
        for (var i = 0; i < 200; i++)
        {
            await using var client = await fixture.AttachAsync(pod.Container);
        }

        await Eventually.TrueAsync(() => Directory.GetFiles($"/proc/{supervisor}/fd").Length <= descriptors);
        var clients = new List<StreamedProcess>();
        var refused = await Assert.ThrowsAsync<CriException>(async () =>
        {
            while (clients.Count < 1000)
            {
                clients.Add(await fixture.AttachAsync(pod.Container));
            }
        });
        Assert.Equal(CriErrorKind.ResourceExhausted, refused.Kind);
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        await Eventually.TrueAsync(() => Directory.GetFiles($"/proc/{supervisor}/fd").Length <= descriptors);
    }

    [Fact]
    public async Task Attach_ContainerHasExited_Fails()
    {
        await using var pod = await fixture.RunAsync("/bin/sh", "-c", "sleep 0.5");
        await fixture.Server.WaitForExitAsync(pod.Container);
        await Eventually.TrueAsync(() => Record.ExceptionAsync(() => fixture.AttachAsync(pod.Container)).Result is CriException);
    }

    private static IEnumerable<string> Log(RunningPod pod) => File.ReadLines(pod.LogPath()).Select(line => line[(line.IndexOf(" F ", StringComparison.Ordinal) + 3)..]);

    private static string LastLine(RunningPod pod)
    {
        using var file = new FileStream(pod.LogPath(), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(-Math.Min(file.Length, 200), SeekOrigin.End);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd().TrimEnd('\n').Split(' ')[^1];
    }
}
