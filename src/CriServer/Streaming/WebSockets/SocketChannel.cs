using System.Buffers;
using System.IO.Pipelines;
using CriShim.CriServer.Streaming.Channels;

namespace CriShim.CriServer.Streaming.WebSockets;

/// <summary>One channel of a <see cref="ChannelSocket"/>.</summary>
internal sealed class SocketChannel(ChannelSocket socket, byte number, ChannelMode mode, PipeOptions options) : IInputChannel, IOutputChannel
{
    private readonly Pipe _received = new(options);
    private bool _ended;

    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        var result = await _received.Reader.ReadAsync(cancellationToken);
        var count = (int)Math.Min(result.Buffer.Length, target.Length);
        var taken = result.Buffer.Slice(0, count);
        taken.CopyTo(target.Span);
        _received.Reader.AdvanceTo(taken.End);
        return count;
    }

    public ValueTask SendAsync(Memory<byte> framed, CancellationToken cancellationToken) =>
        mode is ChannelMode.Output or ChannelMode.Both
            ? socket.SendAsync(number, framed, IOutputChannel.Headroom, cancellationToken)
            : ValueTask.CompletedTask;

    /// <summary>A server cannot end a channel alone: the clients take the end of the connection for the end of all.</summary>
    public ValueTask CompleteAsync() => ValueTask.CompletedTask;

    internal async ValueTask ReceivedAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (mode is ChannelMode.Input or ChannelMode.Both && !_ended && content.Length > 0)
        {
            await _received.Writer.WriteAsync(content, cancellationToken);
        }
    }

    internal void EndInput()
    {
        _ended = true;
        _received.Writer.Complete();
    }

    internal void End(IOException cause)
    {
        if (!_ended)
        {
            _ended = true;
            _received.Writer.Complete(cause);
        }
    }
}
