using CriShim.CriServer.Streaming.Channels;

namespace CriShim.CriServer.Streaming.Sessions;

/// <summary>A connection whose traffic is noted.</summary>
internal sealed class WatchedStream(Stream inner, ConnectionWatch watch) : AsyncStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        watch.Note();
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await inner.WriteAsync(buffer, cancellationToken);
        watch.Note();
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);
}
