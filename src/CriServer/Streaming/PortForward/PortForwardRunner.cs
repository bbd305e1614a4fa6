using System.Buffers.Binary;
using CriShim.CriServer.Streaming.Channels;
using CriShim.CriServer.Streaming.Sessions;
using CriShim.CriServer.Streaming.Targets;
using CriShim.CriServer.Streaming.WebSockets;
using CriShim.Spdy;

namespace CriShim.CriServer.Streaming.PortForward;

/// <summary>Runs port forward on a connection that is no longer HTTP. Each call returns what the client did wrong, null when nothing.</summary>
internal sealed class PortForwardRunner(IPodDialer dialer, SessionLimits limits, TimeProvider time)
{
    /// <summary>Two streams per forwarded connection.</summary>
    private static readonly SpdyLimits s_limits = new() { MaxStreams = 512, MaxBufferedBytes = 4 * 1024 * 1024 };

    public async Task<string?> OverSpdyAsync(Stream transport, PortsRequest request, CancellationToken gone)
    {
        using var connection = new SpdyConnection(transport, s_limits);
        var running = new List<Task>();
        var pairs = new PortPairs(limits.Creation, time, pair =>
        {
            running.RemoveAll(task => task.IsCompleted);
            running.Add(pair.Connect(dialer, request.SandboxId).RunAsync(connection.Ended));
        });
        var wrong = await connection.RunAsync(pairs.Opened, gone);
        await Task.WhenAll(running);
        return wrong;
    }

    public async Task<string?> OverTunnelAsync(Stream transport, PortsRequest request, CancellationToken gone)
    {
        using var socket = Upgrade.WebSocketOn(transport);
        return await OverSpdyAsync(new TunnelStream(socket), request, gone);
    }

    /// <summary>Two channels for each port asked for, data and errors; each begins with the port's number, low byte first.</summary>
    public async Task<string?> OverWebSocketAsync(Stream transport, PortsRequest request, PortForwardProtocol protocol, CancellationToken gone)
    {
        using var socket = Upgrade.WebSocketOn(transport);
        var modes = request.Ports.SelectMany(_ => new[] { ChannelMode.Both, ChannelMode.Output });
        using var channels = new ChannelSocket(socket, protocol.IsBase64, hasCloseSignal: false, [.. modes]);
        return await ChannelConversation.RunAsync(
            channels,
            ended => Task.WhenAll(request.Ports.Select((port, i) => ForwardAsync(channels[2 * i], channels[(2 * i) + 1], port, ended))),
            time,
            gone);

        async Task ForwardAsync(SocketChannel data, SocketChannel error, ushort port, CancellationToken ended)
        {
            var number = new byte[sizeof(ushort)];
            BinaryPrimitives.WriteUInt16LittleEndian(number, port);
            await data.SendTextAsync(number, ended);
            await error.SendTextAsync(number, ended);
            await new PortConnection(dialer, request.SandboxId, port, data, data, error, () => { }).RunAsync(ended);
        }
    }
}
