using System.Net.WebSockets;
using System.Text;
using CriShim.CriServer.Tests.Fakes;
using CriShim.TestKit.Streaming;

namespace CriShim.CriServer.Tests.Streaming;

public sealed class WebSocketCommandTests
{
    [Theory]
    [InlineData("v5.channel.k8s.io")]
    [InlineData("v4.channel.k8s.io")]
    public async Task Exec_OutputAndExitCode_ComeOnTheirChannels(string protocol)
    {
        await using var world = await StreamingWorld.StartAsync();
        using var socket = await OpenAsync(world.CommandUrl("oe"), protocol);
        var process = await world.Containers.NextProcessAsync();
        await process.PrintAsync("out");
        await process.PrintAsync("err", toStderr: true);
        process.End(7);
        var channels = await ReadAllAsync(socket);
        Assert.Equal(("out", "err"), (channels[1], channels[2]));
        Assert.Contains("\"message\":\"7\"", channels[3], StringComparison.Ordinal);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task Exec_Version5_InputIsHalfClosed()
    {
        await using var world = await StreamingWorld.StartAsync();
        using var socket = await OpenAsync(world.CommandUrl("io"), "v5.channel.k8s.io");
        var process = await world.Containers.NextProcessAsync();
        await SendAsync(socket, 0, "some ");
        await SendAsync(socket, 9, "ignored");
        await SendAsync(socket, 0, "input");
        await socket.SendAsync(new byte[] { 255, 0 }, WebSocketMessageType.Binary, true, CancellationToken.None);
        Assert.Equal("some input", await process.ReadStdinAsync());
        process.End(0);
        Assert.Contains("Success", (await ReadAllAsync(socket))[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_LargeMessages_PassInPieces()
    {
        await using var world = await StreamingWorld.StartAsync();
        using var socket = await OpenAsync(world.CommandUrl("io"), "v5.channel.k8s.io");
        var process = await world.Containers.NextProcessAsync();
        var content = new string('x', 3_000_000);
        var sending = Task.Run(async () =>
        {
            await SendAsync(socket, 0, content);
            await socket.SendAsync(new byte[] { 255, 0 }, WebSocketMessageType.Binary, true, CancellationToken.None);
        });
        Assert.Equal(content.Length, (await process.ReadStdinAsync()).Length);
        await sending;
    }

    [Theory]
    [InlineData("v4.base64.channel.k8s.io", "{\"status\":\"Success\"}")]
    [InlineData("base64.channel.k8s.io", "")]
    public async Task Exec_Base64_IsText(string protocol, string status)
    {
        await using var world = await StreamingWorld.StartAsync();
        using var socket = await OpenAsync(world.CommandUrl("io"), protocol);
        var process = await world.Containers.NextProcessAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes("0" + Convert.ToBase64String("hi"u8)), WebSocketMessageType.Text, true, CancellationToken.None);
        var buffer = new byte[2];
        await process.ReadsStdin.ReadExactlyAsync(buffer);
        Assert.Equal("hi"u8.ToArray(), buffer);
        await process.PrintAsync("out");
        process.End(0);
        var channels = await ReadAllAsync(socket, isBase64: true);
        Assert.Equal(("out", status), (channels[1], channels[3]));
    }

    [Fact]
    public async Task Exec_NoProtocol_IsTheFirstVersion()
    {
        await using var world = await StreamingWorld.StartAsync();
        using var socket = await OpenAsync(world.CommandUrl("o"));
        var process = await world.Containers.NextProcessAsync();
        process.End(1);
        Assert.Contains("exit code: 1", (await ReadAllAsync(socket))[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exec_Terminal_HasItsSizes()
    {
        await using var world = await StreamingWorld.StartAsync();
        using var socket = await OpenAsync(world.CommandUrl("iot"), "v5.channel.k8s.io");
        await SendAsync(socket, 4, "{\"Width\":100,\"Height\":30}");
        var (_, exec, _) = await world.Containers.NextAsync();
        Assert.Equal((100, 30), (exec!.Size!.Value.Columns, exec.Size.Value.Rows));
    }

    [Fact]
    public async Task Exec_ClientGone_LetsTheProcessGo()
    {
        await using var world = await StreamingWorld.StartAsync();
        var socket = await OpenAsync(world.CommandUrl("io"), "v5.channel.k8s.io");
        var process = await world.Containers.NextProcessAsync();
        socket.Abort();
        socket.Dispose();
        await process.Disposed.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("v5.channel.k8s.io", new byte[] { 255, 0, 0 })]
    [InlineData("v5.channel.k8s.io", new byte[] { 255, 200 })]
    [InlineData("v4.base64.channel.k8s.io", new byte[] { (byte)'0', (byte)'!' })]
    public async Task Exec_MalformedMessage_EndsTheConnection(string protocol, byte[] message)
    {
        await using var world = await StreamingWorld.StartAsync();
        using var socket = await OpenAsync(world.CommandUrl("io"), protocol);
        var process = await world.Containers.NextProcessAsync();
        await socket.SendAsync(message, WebSocketMessageType.Binary, true, CancellationToken.None);
        await ReadAllAsync(socket);
        Assert.Equal(WebSocketCloseStatus.ProtocolError, socket.CloseStatus);
        await process.Disposed.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Exec_EndlessTextMessage_EndsTheConnection()
    {
        await using var world = await StreamingWorld.StartAsync();
        using var socket = await OpenAsync(world.CommandUrl("io"), "v4.base64.channel.k8s.io");
        var process = await world.Containers.NextProcessAsync();
        var piece = Encoding.ASCII.GetBytes(new string('A', 100_000));
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            for (var i = 0; i < 1000; i++)
            {
                await socket.SendAsync(piece, WebSocketMessageType.Text, false, CancellationToken.None);
            }
        });
        await process.Disposed.WaitAsync(TimeSpan.FromSeconds(5));
    }

    /// <summary>A WebSocket on an upgraded connection.</summary>
    internal static async Task<WebSocket> OpenAsync(string url, params string[] protocols)
    {
        var connection = await UpgradedConnection.WebSocketAsync(url, protocols);
        Assert.Equal(101, connection.Status);
        Assert.Equal(["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="], connection.Headers["sec-websocket-accept"]); // RFC 6455 section 1.3
        Assert.Equal(protocols, connection.Headers["sec-websocket-protocol"]);
        return WebSocket.CreateFromStream(connection.Stream, isServer: false, null, TimeSpan.FromSeconds(30));
    }

    internal static Task SendAsync(WebSocket socket, byte channel, string text) =>
        socket.SendAsync((byte[])[channel, .. Encoding.UTF8.GetBytes(text)], WebSocketMessageType.Binary, true, CancellationToken.None);

    /// <summary>Everything by channel, until the server closes.</summary>
    internal static async Task<string[]> ReadAllAsync(WebSocket socket, bool isBase64 = false)
    {
        var channels = new string[6];
        Array.Fill(channels, "");
        while (await ReadMessageAsync(socket) is { } message)
        {
            var channel = isBase64 ? message[0] - '0' : message[0];
            var content = isBase64 ? Convert.FromBase64String(Encoding.ASCII.GetString(message[1..])) : message[1..];
            channels[channel] += Encoding.UTF8.GetString(content);
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        return channels;
    }

    /// <summary>Null when the server closes.</summary>
    internal static async Task<byte[]?> ReadMessageAsync(WebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var piece = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (piece.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer, 0, piece.Count);
            if (piece.EndOfMessage)
            {
                return message.ToArray();
            }
        }
    }
}
