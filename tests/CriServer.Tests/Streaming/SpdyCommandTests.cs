using System.Text.Json;
using CriShim.CriServer.Streaming.Targets;
using CriShim.CriServer.Tests.Fakes;
using CriShim.TestKit.Streaming;

namespace CriShim.CriServer.Tests.Streaming;

public sealed class SpdyCommandTests
{
    [Fact]
    public async Task Exec_Output_ComesBeforeTheExitCode()
    {
        await using var world = await StreamingWorld.StartAsync();
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("oe"));
        var error = await client.OpenAsync(("streamType", "error"));
        var stdout = await client.OpenAsync(("streamType", "stdout"));
        var stderr = await client.OpenAsync(("streamType", "stderr"));
        var process = await world.Containers.NextProcessAsync();
        await process.PrintAsync("out");
        await process.PrintAsync("err", toStderr: true);
        process.End(3);

        Assert.Equal(("out", "err"), (await stdout.ReadTextAsync(), await stderr.ReadTextAsync()));
        using var status = JsonDocument.Parse(await error.ReadTextAsync());
        Assert.Equal("NonZeroExitCode", status.RootElement.GetProperty("reason").GetString());
        var cause = status.RootElement.GetProperty("details").GetProperty("causes")[0];
        Assert.Equal(("ExitCode", "3"), (cause.GetProperty("reason").GetString(), cause.GetProperty("message").GetString()));
        await process.Disposed.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("v5.channel.k8s.io", 0, "{\"status\":\"Success\"}")]
    [InlineData("v4.channel.k8s.io", 0, "{\"status\":\"Success\"}")]
    [InlineData("v3.channel.k8s.io", 0, "")]
    [InlineData("v2.channel.k8s.io", 1, "command terminated with non-zero exit code: 1")]
    [InlineData("channel.k8s.io", 0, "")]
    public async Task Exec_Version_SaysTheEndInItsWords(string protocol, int code, string expected)
    {
        await using var world = await StreamingWorld.StartAsync();
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("o"), protocol);
        var stdout = await client.OpenAsync(("streamType", "stdout"));
        var error = await client.OpenAsync(("streamType", "error"));
        (await world.Containers.NextProcessAsync()).End(code);
        Assert.Equal("", await stdout.ReadTextAsync());
        Assert.Equal(expected, await error.ReadTextAsync());
    }

    [Fact]
    public async Task Exec_Stdin_IsHalfClosed()
    {
        await using var world = await StreamingWorld.StartAsync();
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("io"), flowControl: true);
        var stdin = await client.OpenAsync(("streamType", "stdin"));
        var error = await client.OpenAsync(("streamType", "error"));
        var stdout = await client.OpenAsync(("streamType", "stdout"));
        var process = await world.Containers.NextProcessAsync();
        var content = new string('x', 300_000);
        await stdin.WriteAsync(content);
        await stdin.CloseAsync();
        Assert.Equal(content, await process.ReadStdinAsync());
        await process.PrintAsync("after");
        process.End(0);
        Assert.Equal("after", await stdout.ReadTextAsync());
        Assert.Contains("Success", await error.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_Terminal_HasItsFirstSizeFromTheStart()
    {
        await using var world = await StreamingWorld.StartAsync();
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("iot"));
        await client.OpenAsync(("streamType", "error"));
        await client.OpenAsync(("streamType", "stdin"));
        await client.OpenAsync(("streamType", "stdout"));
        var resize = await client.OpenAsync(("streamType", "resize"));
        await resize.WriteAsync("{\"Width\":80,\"Hei");
        await resize.WriteAsync("ght\":24}\n");
        var (process, exec, _) = await world.Containers.NextAsync();
        Assert.Equal(new TerminalSize(80, 24), exec!.Size);
        await resize.WriteAsync("{\"Width\":132,\"Height\":50}\n");
        Assert.True(process.Sizes.TryTake(out var size, TimeSpan.FromSeconds(5)));
        Assert.Equal(new TerminalSize(132, 50), size);
    }

    [Fact]
    public async Task Exec_TerminalWithoutSizes_StartsAllTheSame()
    {
        await using var world = await StreamingWorld.StartAsync();
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("ot"));
        await client.OpenAsync(("streamType", "error"));
        await client.OpenAsync(("streamType", "stdout"));
        Assert.Null((await world.Containers.NextAsync()).Exec!.Size);
    }

    [Fact]
    public async Task Exec_CannotStart_SaysWhy()
    {
        await using var world = await StreamingWorld.StartAsync();
        world.Containers.StartFailure = "no such program";
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("o"));
        var stdout = await client.OpenAsync(("streamType", "stdout"));
        var error = await client.OpenAsync(("streamType", "error"));
        Assert.Equal("", await stdout.ReadTextAsync());
        var status = await error.ReadTextAsync();
        Assert.Contains("Internal error occurred: no such program", status, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_ChildrenHoldTheOutput_EndsAfterThePause()
    {
        await using var world = await StreamingWorld.StartAsync();
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("o"));
        var stdout = await client.OpenAsync(("streamType", "stdout"));
        var error = await client.OpenAsync(("streamType", "error"));
        var process = await world.Containers.NextProcessAsync();
        await process.PrintAsync("said");
        process.End(0, closeOutput: false);
        Assert.Equal("said", await stdout.ReadTextAsync());
        Assert.Contains("Success", await error.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_ClientGone_LetsTheProcessGo()
    {
        await using var world = await StreamingWorld.StartAsync();
        var client = await StreamingWorld.SpdyAsync(world.CommandUrl("io"));
        await client.OpenAsync(("streamType", "error"));
        await client.OpenAsync(("streamType", "stdin"));
        await client.OpenAsync(("streamType", "stdout"));
        var process = await world.Containers.NextProcessAsync();
        await client.DisposeAsync();
        await process.Disposed.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Exec_ClientGoneBehindUnreadInput_LetsTheProcessGo()
    {
        await using var world = await StreamingWorld.StartAsync();
        var client = await StreamingWorld.SpdyAsync(world.CommandUrl("io"));
        await client.OpenAsync(("streamType", "error"));
        var stdin = await client.OpenAsync(("streamType", "stdin"));
        await client.OpenAsync(("streamType", "stdout"));
        var process = await world.Containers.NextProcessAsync();

        // More than the 2 MiB that the server takes of it; the rest fits into any socket, so that the end of the connection still comes
        await stdin.WriteAsync(new byte[2_150_000]).WaitAsync(TimeSpan.FromSeconds(5));
        await client.DisposeAsync();
        await process.Disposed.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Exec_StreamsNeverOpened_EndsTheConnection()
    {
        await using var world = await StreamingWorld.StartAsync(creationSeconds: 0.5);
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("o"));
        await client.BeginOpenAsync(("streamType", "error"));
        await client.Ended.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Exec_Silence_EndsTheConnection()
    {
        await using var world = await StreamingWorld.StartAsync(idleSeconds: 0.5);
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("o"));
        await client.OpenAsync(("streamType", "error"));
        await client.OpenAsync(("streamType", "stdout"));
        var process = await world.Containers.NextProcessAsync();
        await client.Ended.WaitAsync(TimeSpan.FromSeconds(5));
        await process.Disposed.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Exec_UnknownOrSecondStream_IsRefused()
    {
        await using var world = await StreamingWorld.StartAsync();
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("o"));
        await client.OpenAsync(("streamType", "stdout"));
        foreach (var type in new[] { "stdout", "stdin", "other" })
        {
            var refused = await Assert.ThrowsAsync<SpdyResetException>(() => client.OpenAsync(("streamType", type)));
            Assert.Equal(3u, refused.Status);
        }
    }

    [Fact]
    public async Task Attach_Dropped_SaysWhy()
    {
        await using var world = await StreamingWorld.StartAsync();
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("o", attach: true));
        var stdout = await client.OpenAsync(("streamType", "stdout"));
        var error = await client.OpenAsync(("streamType", "error"));
        var (process, _, attach) = await world.Containers.NextAsync();
        Assert.True(attach!.Stdout);
        await process.PrintAsync("some");
        process.Break(new IOException("client is too slow"));
        process.CloseOutput();
        Assert.Equal("some", await stdout.ReadTextAsync());
        Assert.Contains("too slow", await error.ReadTextAsync(), StringComparison.Ordinal);
    }
}
