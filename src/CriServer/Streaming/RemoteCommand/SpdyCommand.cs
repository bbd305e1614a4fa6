using CriShim.CriServer.Streaming.Channels;
using CriShim.CriServer.Streaming.Sessions;
using CriShim.Spdy;

namespace CriShim.CriServer.Streaming.RemoteCommand;

/// <summary>
/// Collects the streams of a remote command on a SPDY connection: the client opens them in any order, each with its kind in the header
/// <c>streamtype</c>.
/// </summary>
internal sealed class SpdyCommand(CommandRequest request)
{
    private const string TypeHeader = "streamtype";
    private const string Error = "error";
    private const string Resize = "resize";

    private readonly Lock _gate = new();
    private readonly Dictionary<string, SpdyChannel> _channels = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<IInputChannel> _resize = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly string[] _needed =
    [
        Error,
        .. request.Stdin ? ["stdin"] : Array.Empty<string>(),
        .. request.Stdout ? ["stdout"] : Array.Empty<string>(),
        .. request.Stderr ? ["stderr"] : Array.Empty<string>(),
    ];

    /// <summary>A new stream of the client's.</summary>
    public void Opened(SpdyStream stream)
    {
        var type = stream.Headers.GetValueOrDefault(TypeHeader, "");
        lock (_gate)
        {
            if ((type != Resize && !_needed.Contains(type)) || !_channels.TryAdd(type, new SpdyChannel(stream)))
            {
                stream.Reset(ResetStatus.RefusedStream);
                return;
            }

            stream.Accept();
            if (type == Resize)
            {
                _resize.TrySetResult(_channels[type]);
            }
            else if (_needed.All(_channels.ContainsKey))
            {
                _complete.TrySetResult();
            }
        }
    }

    /// <summary>All streams but the terminal's sizes, which some clients never open.</summary>
    /// <exception cref="TimeoutException">The client has not opened them.</exception>
    public async Task<CommandChannels> ChannelsAsync(TimeSpan limit, TimeProvider time, CancellationToken clientGone)
    {
        await _complete.Task.WaitAsync(limit, time, clientGone);
        lock (_gate)
        {
            return new CommandChannels(
                _channels.GetValueOrDefault("stdin"),
                _channels.GetValueOrDefault("stdout"),
                _channels.GetValueOrDefault("stderr"),
                _channels[Error],
                _resize.Task);
        }
    }
}
