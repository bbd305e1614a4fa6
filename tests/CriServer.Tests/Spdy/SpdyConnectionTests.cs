using CriShim.CriServer.Streaming.Channels;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Spdy;
using CriShim.TestKit.Streaming;

namespace CriShim.CriServer.Tests.Spdy;

public sealed class SpdyConnectionTests
{
    [Fact]
    public async Task Ping_IsAnswered()
    {
        await using var pair = await SpdyPair.ConnectAsync();
        await pair.Client.PingAsync();
        await pair.Client.PingAsync();
    }

    [Fact]
    public async Task Stream_BothWays_AndHalfClosed()
    {
        await using var pair = await SpdyPair.ConnectAsync();
        var there = await pair.Client.OpenAsync(("a", "1"));
        var here = Assert.Single(pair.Opened);
        Assert.Equal("1", here.Headers["a"]);
        await there.WriteAsync("hello");
        await there.CloseAsync();
        Assert.Equal("hello", await ReadAllAsync(here));
        await here.SendAsync(Framed("world"), CancellationToken.None);
        await here.CompleteAsync();
        Assert.Equal("world", await there.ReadTextAsync());
        Assert.Equal(0, pair.Connection.StreamCount);
    }

    [Fact]
    public async Task Reset_ByTheClient_EndsThatStreamOnly()
    {
        await using var pair = await SpdyPair.ConnectAsync();
        var first = await pair.Client.OpenAsync();
        var second = await pair.Client.OpenAsync();
        var reading = pair.Opened[0].ReadAsync(new byte[10], CancellationToken.None);
        await first.ResetAsync();
        await Assert.ThrowsAsync<IOException>(async () => await reading);
        await Assert.ThrowsAsync<IOException>(async () => await pair.Opened[0].SendAsync(Framed("x"), CancellationToken.None));
        await pair.Opened[1].SendAsync(Framed("y"), CancellationToken.None);
        Assert.Equal("y"u8.ToArray(), await second.ReadAsync());
    }

    [Fact]
    public async Task Stream_OneTooMany_IsRefusedAndAnotherIsPossibleLater()
    {
        await using var pair = await SpdyPair.ConnectAsync();
        var streams = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => pair.Client.OpenAsync()));
        Assert.Equal(3u, (await Assert.ThrowsAsync<SpdyResetException>(() => pair.Client.OpenAsync())).Status);
        await streams[0].ResetAsync();
        await pair.Client.OpenAsync();
    }

    [Fact]
    public async Task Stream_Flood_EndsTheConnection()
    {
        await using var pair = await SpdyPair.ConnectAsync();
        for (var i = 0; i < 4 + SpdyPair.Limits.MaxRefusedStreams + 1; i++)
        {
            await pair.Client.BeginOpenAsync();
        }

        Assert.Equal("too many streams", await pair.Running.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal(1u, await pair.Client.GoAway);
    }

    [Fact]
    public async Task Send_WindowsOfTheClient_AreKept()
    {
        await using var pair = await SpdyPair.ConnectAsync();
        await pair.Client.SendControlAsync(4, 1, 7, 1000); // SETTINGS: initial window 1000
        var there = await pair.Client.OpenAsync();
        var sending = pair.Opened[0].SendAsync(Framed(new string('x', 2500)), CancellationToken.None).AsTask();
        Assert.Equal(1000, (await there.ReadAsync())!.Length);
        await pair.Client.PingAsync();
        Assert.False(sending.IsCompleted);
        await pair.Client.SendControlAsync(9, (uint)there.Id, 1200);
        Assert.Equal(1200, (await there.ReadAsync())!.Length);
        await pair.Client.SendControlAsync(4, 1, 7, 2000); // 1000 more for what is open
        await sending;
        Assert.Equal(300, (await there.ReadAsync())!.Length);
    }

    [Fact]
    public async Task Send_ClientWithoutFlowControl_IsNotHeldUp()
    {
        await using var pair = await SpdyPair.ConnectAsync();
        var there = await pair.Client.OpenAsync();
        var sending = pair.Opened[0].SendAsync(Framed(new string('x', 1_000_000)), CancellationToken.None).AsTask();
        var received = 0;
        while (received < 1_000_000)
        {
            received += (await there.ReadAsync())!.Length;
        }

        await sending;
    }

    [Fact]
    public async Task Window_TooLarge_ResetsTheStreamOrEndsTheConnection()
    {
        await using var pair = await SpdyPair.ConnectAsync();
        var there = await pair.Client.OpenAsync();
        await pair.Client.SendControlAsync(9, (uint)there.Id, int.MaxValue);
        Assert.Equal(7u, (await Assert.ThrowsAsync<SpdyResetException>(there.ReadAsync)).Status);
        await pair.Client.SendControlAsync(9, 0, int.MaxValue);
        Assert.Contains("window", await pair.Running.WaitAsync(TimeSpan.FromSeconds(5)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receive_NobodyReads_TheClientIsHeldBack()
    {
        await using var pair = await SpdyPair.ConnectAsync();
        var there = await pair.Client.OpenAsync();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 1000; i++)
            {
                await there.WriteAsync(new byte[64 * 1024]);
            }
        });
        await Task.WhenAny(writing, Task.Delay(1000));
        Assert.False(writing.IsCompleted);
        var buffer = new byte[64 * 1024];
        for (var received = 0; received < 1000 * 64 * 1024;)
        {
            received += await pair.Opened[0].ReadAsync(buffer, CancellationToken.None);
        }

        await writing;
    }

    [Fact]
    public async Task Reset_AfterBothHalvesEnded_GivesItsRoomBack()
    {
        await using var pair = await SpdyPair.ConnectAsync();
        var first = await pair.Client.OpenAsync();
        await first.WriteAsync(new byte[SpdyPair.Limits.MaxBufferedBytes]);
        await first.CloseAsync();
        await pair.Client.PingAsync();
        await pair.Opened[0].CompleteAsync();
        pair.Opened[0].Reset();
        var second = await pair.Client.OpenAsync();
        await second.WriteAsync("room");
        Assert.Equal(4, await pair.Opened[1].ReadAsync(new byte[10], CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(5)));
    }

    /// <summary>Whoever resets a stream, a timer for instance, must not have to answer for a client that reads nothing.</summary>
    [Fact]
    public async Task Reset_ClientReadsNothing_EndsTheConnection()
    {
        var (server, there) = await DuplexPair.ConnectAsync();
        await using var transport = new NeverWritten(server);
        await using var client = new SpdyClient(there);
        using var connection = new SpdyConnection(transport, new SpdyLimits { MaxQueuedControlBytes = 64 });
        var opened = new System.Collections.Concurrent.BlockingCollection<SpdyStream>();
        var running = connection.RunAsync(opened.Add, CancellationToken.None);
        for (var i = 0; i < 10; i++)
        {
            await client.BeginOpenAsync();
            Assert.True(opened.TryTake(out var stream, TimeSpan.FromSeconds(5)) || running.IsCompleted);
            stream?.Reset();
        }

        Assert.Contains("does not read", await running.WaitAsync(TimeSpan.FromSeconds(5)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ping_FloodThatIsNotRead_EndsTheConnection()
    {
        var ping = SpdyClient.Control(6, 0, [0, 0, 0, 1]);
        var flood = Enumerable.Repeat(ping, 10_000).SelectMany(f => f).ToArray();
        var (server, client) = await DuplexPair.ConnectAsync();
        await using (server)
        await using (client)
        {
            using var connection = new SpdyConnection(server, SpdyPair.Limits);
            var running = connection.RunAsync(_ => { }, CancellationToken.None);
            while (!running.IsCompleted)
            {
                await Task.WhenAny(running, client.WriteAsync(flood).AsTask());
            }

            Assert.Contains("does not read", await running.WaitAsync(TimeSpan.FromSeconds(5)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("80040001" + "00000000", "version 4")]
    [InlineData("80030001" + "00ffffff", "16777215 bytes")]
    [InlineData("80030001" + "00000004" + "00000001", "too short")]
    [InlineData("80030001" + "0000000a" + "00000002000000000000", "stream 2")]
    [InlineData("80030001" + "0000000a" + "00000000000000000000", "stream 0")]
    [InlineData("80030001" + "0000000a" + "00000001000000000000", "zlib header")]
    [InlineData("80030002" + "00000004" + "00000001", "never opened")]
    [InlineData("80030003" + "00000004" + "00000001", "wrong size")]
    [InlineData("80030004" + "00000004" + "ffffffff", "wrong size")]
    [InlineData("80030004" + "0000000c" + "0000000100000007ffffffff", "initial window")]
    [InlineData("80030006" + "00000005" + "0000000100", "wrong size")]
    [InlineData("80030008" + "00000002" + "0000", "too short")]
    [InlineData("80030009" + "00000004" + "00000000", "wrong size")]
    [InlineData("00000001" + "00000000", "never opened")]
    [InlineData("00000000" + "00000000", "never opened")]
    public async Task Frame_Malformed_EndsTheConnection(string frame, string cause)
    {
        await using var pair = await SpdyPair.ConnectAsync();
        await pair.Client.SendRawAsync(Convert.FromHexString(frame));
        Assert.Contains(cause, await pair.Running.WaitAsync(TimeSpan.FromSeconds(5)), StringComparison.Ordinal);
        Assert.Equal(1u, await pair.Client.GoAway);
    }

    [Theory]
    [InlineData("8003000a" + "00000003" + "010203")] // CREDENTIAL
    [InlineData("800300ff" + "00000000")]
    [InlineData("80030006" + "00000004" + "00000002")] // an answer to no ping
    [InlineData("80030003" + "00000008" + "0000000100000005")] // reset of no stream
    [InlineData("80030009" + "00000008" + "0000000100000005")]
    public async Task Frame_OfNoConcern_IsSkipped(string frame)
    {
        await using var pair = await SpdyPair.ConnectAsync();
        await pair.Client.SendRawAsync(Convert.FromHexString(frame));
        await pair.Client.PingAsync();
    }

    private static byte[] Framed(string text) => [.. new byte[SpdyStream.Headroom], .. System.Text.Encoding.ASCII.GetBytes(text)];

    private static async Task<string> ReadAllAsync(SpdyStream stream)
    {
        var text = "";
        var buffer = new byte[100];
        while (await stream.ReadAsync(buffer, CancellationToken.None) is var count and > 0)
        {
            text += System.Text.Encoding.ASCII.GetString(buffer, 0, count);
        }

        return text;
    }

    /// <summary>A connection that takes nothing.</summary>
    private sealed class NeverWritten(Stream inner) : AsyncStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Task.Delay(Timeout.Infinite, cancellationToken));

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
