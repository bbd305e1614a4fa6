using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using CriShim.CriServer.Streaming.Sessions;
using CriShim.CriServer.Streaming.WebSockets;
using CriShim.CriServer.Tests.Fakes;
using CriShim.TestKit.Streaming;

namespace CriShim.CriServer.Tests.Streaming;

public sealed class PortForwardTests
{
    private const string Protocol = "portforward.k8s.io";

    [Fact]
    public async Task Spdy_ManyConnections_EachEchoesItsOwn()
    {
        await using var world = await StreamingWorld.StartAsync();
        world.Containers.Dial = EchoAsync;
        await using var client = await StreamingWorld.SpdyAsync(Url(world), Protocol);
        var echoes = Enumerable.Range(0, 40).Select(async i =>
        {
            var (data, error) = await OpenAsync(client, 8000, i);
            var text = new string((char)('a' + (i % 26)), 50_000 + i);
            await data.WriteAsync(text);
            await data.CloseAsync();
            Assert.Equal(text, await data.ReadTextAsync());
            Assert.Equal("", await error.ReadTextAsync());
        });
        await Task.WhenAll(echoes);
    }

    [Fact]
    public async Task Spdy_RefusedConnection_SaysWhyAndEndsThatPairOnly()
    {
        await using var world = await StreamingWorld.StartAsync();
        var refuse = world.Containers.Dial;
        world.Containers.Dial = port => port == 80 ? EchoAsync(port) : refuse(port);
        await using var client = await StreamingWorld.SpdyAsync(Url(world), Protocol);
        var (good, _) = await OpenAsync(client, 80, 0);
        var (bad, error) = await OpenAsync(client, 81, 1);
        Assert.Contains("connection refused", await error.ReadTextAsync(), StringComparison.Ordinal);
        await Assert.ThrowsAsync<SpdyResetException>(bad.ReadToEndAsync);
        await good.WriteAsync("still");
        Assert.Equal("still"u8.ToArray(), await good.ReadAsync());
    }

    [Fact]
    public async Task Spdy_ConnectionResetByThePod_EndsThatPairOnly()
    {
        await using var world = await StreamingWorld.StartAsync();
        world.Containers.Dial = async port =>
        {
            var (there, here) = await DuplexPair.ConnectAsync();
            if (port == 80)
            {
                _ = EchoAllAsync(there);
            }
            else
            {
                there.Socket.LingerState = new LingerOption(true, 0);
                there.Socket.Close(); // with nothing to linger for: RST
            }

            return here;
        };
        await using var client = await StreamingWorld.SpdyAsync(Url(world), Protocol);
        var (good, _) = await OpenAsync(client, 80, 0);
        var (bad, error) = await OpenAsync(client, 81, 1);
        await Assert.ThrowsAsync<SpdyResetException>(bad.ReadToEndAsync);
        Assert.Equal("", await error.ReadTextAsync());
        await good.WriteAsync("still");
        Assert.Equal("still"u8.ToArray(), await good.ReadAsync());
    }

    [Fact]
    public async Task Spdy_WithoutRequestIds_StreamsPairByTheirNumbers()
    {
        await using var world = await StreamingWorld.StartAsync();
        world.Containers.Dial = EchoAsync;
        await using var client = await StreamingWorld.SpdyAsync(Url(world), Protocol);
        await client.OpenAsync(("streamtype", "error"), ("port", "80"));
        var data = await client.OpenAsync(("streamtype", "data"), ("port", "80"));
        await data.WriteAsync("x");
        Assert.Equal("x"u8.ToArray(), await data.ReadAsync());
    }

    [Theory]
    [InlineData("data", "0")]
    [InlineData("data", "65536")]
    [InlineData("data", "")]
    [InlineData("stdin", "80")]
    public async Task Spdy_WrongStream_IsRefused(string type, string port)
    {
        await using var world = await StreamingWorld.StartAsync();
        await using var client = await StreamingWorld.SpdyAsync(Url(world), Protocol);
        await Assert.ThrowsAsync<SpdyResetException>(() => client.OpenAsync(("streamtype", type), ("port", port), ("requestid", "0")));
    }

    [Fact]
    public async Task Spdy_SecondStreamNeverComes_TheFirstIsReset()
    {
        await using var world = await StreamingWorld.StartAsync(creationSeconds: 0.3);
        await using var client = await StreamingWorld.SpdyAsync(Url(world), Protocol);
        var error = await client.OpenAsync(("streamtype", "error"), ("port", "80"), ("requestid", "0"));
        await Assert.ThrowsAsync<SpdyResetException>(error.ReadToEndAsync).WaitAsync(TimeSpan.FromSeconds(5));
        await client.PingAsync();
    }

    [Fact]
    public async Task Tunnel_SpdyInWebSocket_Echoes()
    {
        await using var world = await StreamingWorld.StartAsync();
        world.Containers.Dial = EchoAsync;
        using var socket = await WebSocketCommandTests.OpenAsync(Url(world), "SPDY/3.1+portforward.k8s.io");
        await using var client = new SpdyClient(new TunnelStream(socket), flowControl: true);
        var (data, _) = await OpenAsync(client, 80, 0);
        var text = new string('t', 200_000);
        await data.WriteAsync(text);
        await data.CloseAsync();
        Assert.Equal(text, await data.ReadTextAsync());
    }

    [Theory]
    [InlineData("v4.channel.k8s.io", false)]
    [InlineData("v4.base64.channel.k8s.io", true)]
    public async Task WebSocket_OldForms_HaveTwoChannelsAPort(string protocol, bool isBase64)
    {
        await using var world = await StreamingWorld.StartAsync();
        var refuse = world.Containers.Dial;
        world.Containers.Dial = port => port == 80 ? EchoAsync(port) : refuse(port);
        using var socket = await WebSocketCommandTests.OpenAsync(Url(world, 80, 258), protocol);
        var seen = new string[4];
        Array.Fill(seen, "");
        var sent = false;
        while (!seen[0].EndsWith("echo", StringComparison.Ordinal) || seen[3].Length < 10)
        {
            var message = (await WebSocketCommandTests.ReadMessageAsync(socket))!;
            var content = isBase64 ? Convert.FromBase64String(Encoding.ASCII.GetString(message[1..])) : message[1..];
            seen[isBase64 ? message[0] - '0' : message[0]] += Encoding.Latin1.GetString(content);
            if (!sent)
            {
                sent = true;
                var type = isBase64 ? WebSocketMessageType.Text : WebSocketMessageType.Binary;
                byte[] echo = isBase64 ? Encoding.ASCII.GetBytes("0" + Convert.ToBase64String("echo"u8)) : [0, .. "echo"u8];
                await socket.SendAsync(echo, type, true, CancellationToken.None);
            }
        }

        Assert.Equal(("P\0echo", "P\0", "\u0002\u0001"), (seen[0], seen[1], seen[2]));
        Assert.StartsWith("\u0002\u0001failed to forward port 258", seen[3], StringComparison.Ordinal);
    }

    private static string Url(StreamingWorld world, params ushort[] ports) => world.UrlFor(new PortsRequest("s", ports));

    private static async Task<(SpdyClientStream Data, SpdyClientStream Error)> OpenAsync(SpdyClient client, int port, int request)
    {
        var error = await client.OpenAsync(("streamtype", "error"), ("port", $"{port}"), ("requestid", $"{request}"));
        await error.CloseAsync();
        return (await client.OpenAsync(("streamtype", "data"), ("port", $"{port}"), ("requestid", $"{request}")), error);
    }

    private static async Task<Stream> EchoAsync(ushort port)
    {
        var (there, here) = await DuplexPair.ConnectAsync();
        _ = EchoAllAsync(there);
        return here;
    }

    private static async Task EchoAllAsync(NetworkStream stream)
    {
        await using (stream)
        {
            await stream.CopyToAsync(stream);
            stream.Socket.Shutdown(SocketShutdown.Send);
        }
    }
}
