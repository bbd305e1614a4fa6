using CriShim.Spdy;

namespace CriShim.CriServer.Streaming.Channels;

/// <summary>A SPDY stream as a channel.</summary>
internal sealed class SpdyChannel(SpdyStream stream) : IInputChannel, IOutputChannel
{
    private const int SpareRoom = IOutputChannel.Headroom - SpdyStream.Headroom;

    public ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken) => stream.ReadAsync(target, cancellationToken);

    public ValueTask SendAsync(Memory<byte> framed, CancellationToken cancellationToken) => stream.SendAsync(framed[SpareRoom..], cancellationToken);

    public ValueTask CompleteAsync() => stream.CompleteAsync();

    public void Reset() => stream.Reset();
}
