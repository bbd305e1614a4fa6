using System.Diagnostics;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Streaming.Targets;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Streams;

public sealed class ExecStreamTests(StreamsFixture fixture) : IClassFixture<StreamsFixture>
{
    [Fact]
    public async Task Exec_BigStreamBothWays_IsTheSameAndCodeComesAfterIt()
    {
        await using var pod = await fixture.RunAsync("sleep", "1000");
        await using var process = await fixture.ExecAsync(pod.Container, "/bin/sh", "-c", "cat; echo end >&2; exit 7");
        var data = new byte[16 << 20];
        Random.Shared.NextBytes(data);
        var output = process.Stdout.ReadAllAsync();
        await process.Stdin!.WriteAsync(data);
        Assert.False(process.Exit.IsCompleted);
        await process.Stdin.DisposeAsync();
        Assert.Equal("end\n", await process.Stderr.ReadTextAsync());
        var received = await output;
        Assert.True(received.AsSpan().SequenceEqual(data));
        Assert.Equal(7, await process.Exit);
    }

    [Fact]
    public async Task Exec_StreamsNotAskedFor_AreNothing()
    {
        await using var pod = await fixture.RunAsync("sleep", "1000");
        var request = new ExecStreamRequest(["/bin/sh", "-c", "cat; head -c 1000000 /dev/zero; echo err >&2"], Tty: false, Stdin: false, Stdout: false, Stderr: true, null);
        await using var process = await fixture.Streams.ExecAsync(pod.Container, request, default);
        Assert.Null(process.Stdin);
        Assert.Null(process.Stdout);
        Assert.Equal("err\n", await process.Stderr.ReadTextAsync());
        Assert.Equal(0, await process.Exit);
    }

    [Fact]
    public async Task Exec_CommandDoesNotReadItsInput_IsNoError()
    {
        await using var pod = await fixture.RunAsync("sleep", "1000");
        await using var process = await fixture.ExecAsync(pod.Container, "head", "-c", "3");
        await process.Stdin!.WriteAsync(new byte[4 << 20]);
        Assert.Equal(new byte[3], await process.Stdout.ReadAllAsync());
        Assert.Equal(0, await process.Exit);
    }

    [Fact]
    public async Task Exec_ChildHoldsTheOutput_EndsAllTheSame()
    {
        await using var pod = await fixture.RunAsync("sleep", "1000");
        var clock = Stopwatch.StartNew();
        await using var process = await fixture.ExecAsync(pod.Container, "/bin/sh", "-c", "sleep 300 & (while :; do echo x; done) & sleep 0.2");
        Assert.NotEmpty(await process.Stdout.ReadAllAsync());
        Assert.Equal("", await process.Stderr.ReadTextAsync());
        Assert.Equal(0, await process.Exit);
        Assert.True(clock.Elapsed < Patience.Seconds(10), $"{clock.Elapsed}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Exec_ClientLeaves_TheTreeIsKilled(bool terminal)
    {
        await using var pod = await fixture.RunAsync("sleep", "1000");
        const string Tree = "(sleep 7771 & sleep 7772) & echo up; sleep 7773";
        var process = terminal
            ? await fixture.ExecOnTerminalAsync(pod.Container, null, "/bin/sh", "-c", "trap '' HUP; " + Tree)
            : await fixture.ExecAsync(pod.Container, "/bin/sh", "-c", Tree);
        await process.Stdout.ReadUntilAsync("up");
        Assert.Contains("7773", await ProcessesAsync(pod), StringComparison.Ordinal);
        await process.DisposeAsync();
        await Eventually.GetAsync(() => ProcessesAsync(pod), list => !list.Contains("sleep 777", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Exec_Terminal_HasItsFirstSizeAndTakesOthers()
    {
        await using var pod = await fixture.RunAsync("sleep", "1000");
        const string Script = "trap 'echo now; stty size' WINCH; stty size; tty; echo $TERM; echo > /dev/tty; until [ \"$line\" = hello ]; do read line; done; echo got $line; exit 3";
        await using var process = await fixture.ExecOnTerminalAsync(pod.Container, new TerminalSize(101, 33), "/bin/sh", "-c", Script);
        Assert.Null(process.Stderr);
        var begin = await process.Stdout.ReadUntilAsync("xterm");
        Assert.StartsWith("33 101\r\n/dev/pts/", begin, StringComparison.Ordinal);
        await process.ResizeAsync(new TerminalSize(80, 25));
        await process.Stdin.WriteTextAsync("\n");
        Assert.Contains("25 80", await process.Stdout.ReadUntilAsync("25 80"), StringComparison.Ordinal);
        await process.Stdin.WriteTextAsync("hello\n");
        Assert.Contains("got", await process.Stdout.ReadTextAsync(), StringComparison.Ordinal);
        Assert.Equal(3, await process.Exit);
        await process.ResizeAsync(new TerminalSize(1, 1));
    }

    [Fact]
    public async Task Exec_TerminalWithMuchOutput_ComesWhole()
    {
        await using var pod = await fixture.RunAsync("sleep", "1000");
        await using var process = await fixture.ExecOnTerminalAsync(pod.Container, null, "seq", "100000");
        Assert.Equal(Enumerable.Range(1, 100000).Select(i => $"{i}"), (await process.Stdout.ReadTextAsync()).TrimEnd().Split("\r\n"));
        Assert.Equal(0, await process.Exit);
    }

    /// <summary>Where the kernel has the v2 hierarchy, which all supported ones do.</summary>
    [Fact]
    public async Task Exec_Process_HasACgroupOfItsOwn()
    {
        await using var pod = await fixture.RunAsync("sleep", "1000");
        await using var process = await fixture.ExecAsync(pod.Container, "cat", "/proc/self/cgroup");
        Assert.Contains("/exec-", await process.Stdout.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_NoSuchCommandOrContainer_SaysSo()
    {
        await using var pod = await fixture.RunAsync("sleep", "1000");
        var failure = await Assert.ThrowsAsync<CriException>(() => fixture.ExecAsync(pod.Container, "no-such-program"));
        Assert.Contains("no-such-program", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<CriException>(() => fixture.ExecOnTerminalAsync(pod.Container, null, "no-such-program"));
        Assert.Equal(CriErrorKind.NotFound, (await Assert.ThrowsAsync<CriException>(() => fixture.ExecAsync(new string('0', 64), "true"))).Kind);
    }

    [Fact]
    public async Task Exec_ManyAtOnce_EachHasItsOwnOutput()
    {
        await using var pod = await fixture.RunAsync("sleep", "1000");
        var descriptors = Directory.GetFiles("/proc/self/fd").Length;
        await Parallel.ForEachAsync(Enumerable.Range(0, Durations.Execs), new ParallelOptions { MaxDegreeOfParallelism = 20 }, async (i, _) =>
        {
            await using var process = await fixture.ExecAsync(pod.Container, "/bin/sh", "-c", $"cat; echo {i}; exit {i % 100}");
            await process.Stdin.WriteTextAsync($"in {i}\n");
            await process.Stdin!.DisposeAsync();
            Assert.Equal($"in {i}\n{i}\n", await process.Stdout.ReadTextAsync());
            Assert.Equal(i % 100, await process.Exit);
        });
        await Eventually.TrueAsync(() => Directory.GetFiles("/proc/self/fd").Length <= descriptors + 5);
    }

    private Task<string> ProcessesAsync(RunningPod pod) => fixture.Server.OutputAsync(pod.Container, "ps", "-o", "args");
}
