using CriShim.CriServer.Streaming.Sessions;
using CriShim.CriServer.Streaming.Targets;
using CriShim.CriServer.Streaming.WebSockets;
using CriShim.Spdy;

namespace CriShim.CriServer.Streaming.RemoteCommand;

/// <summary>Runs exec and attach on a connection that is no longer HTTP. Each call returns what the client did wrong, null when nothing.</summary>
internal sealed class CommandRunner(IContainerStreams containers, SessionLimits limits, TimeProvider time)
{
    /// <summary>A command has five streams.</summary>
    private static readonly SpdyLimits s_limits = new() { MaxStreams = 8, MaxRefusedStreams = 8 };

    public async Task<string?> OverSpdyAsync(Stream transport, CommandRequest request, CommandProtocol protocol, CancellationToken gone)
    {
        using var connection = new SpdyConnection(transport, s_limits);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(gone);
        var command = new SpdyCommand(request);
        var reading = connection.RunAsync(command.Opened, done.Token);
        try
        {
            var channels = await command.ChannelsAsync(limits.Creation, time, connection.Ended);
            await SessionOf(request, protocol).RunAsync(channels, connection.Ended);
            await SessionLimits.LingerAsync(reading, time);
        }
        catch (TimeoutException)
        {
            return "client has not opened its streams in time";
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client is gone.
        }
        finally
        {
            await done.CancelAsync();
            await reading;
        }

        return await reading;
    }

    public async Task<string?> OverWebSocketAsync(Stream transport, CommandRequest request, CommandProtocol protocol, CancellationToken gone)
    {
        using var socket = Upgrade.WebSocketOn(transport);
        using var channels = new ChannelSocket(socket, protocol.IsBase64, protocol.HasCloseSignal, ModesOf(request));
        return await ChannelConversation.RunAsync(channels, TalkAsync, time, gone);

        async Task TalkAsync(CancellationToken ended)
        {
            await FirstOutput(channels, request).SendAsync(new byte[Channels.IOutputChannel.Headroom], ended);
            await SessionOf(request, protocol).RunAsync(ChannelsOf(channels, request), ended);
        }
    }

    private CommandSession SessionOf(CommandRequest request, CommandProtocol protocol) =>
        new(containers, request, protocol, limits.Drain, time);

    /// <summary>Numbers of the channels: those of the file descriptors, then the error's and the terminal's.</summary>
    private static ChannelMode[] ModesOf(CommandRequest request) =>
    [
        request.Stdin ? ChannelMode.Input : ChannelMode.Unused,
        request.Stdout ? ChannelMode.Output : ChannelMode.Unused,
        request.Stderr ? ChannelMode.Output : ChannelMode.Unused,
        ChannelMode.Output,
        ChannelMode.Input,
    ];

    private static CommandChannels ChannelsOf(ChannelSocket channels, CommandRequest request) => new(
        request.Stdin ? channels[0] : null,
        request.Stdout ? channels[1] : null,
        request.Stderr ? channels[2] : null,
        channels[3],
        Task.FromResult<Channels.IInputChannel>(channels[4]));

    /// <summary>An empty message on the first channel that we write to tells the client that the connection stands.</summary>
    private static SocketChannel FirstOutput(ChannelSocket channels, CommandRequest request) =>
        channels[request.Stdout ? 1 : request.Stderr ? 2 : 3];
}
