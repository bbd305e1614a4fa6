using System.Buffers;

namespace CriShim.CriServer.Streaming.Channels;

/// <summary>Copies a stream to a client.</summary>
internal sealed class OutputCopy(Stream source, IOutputChannel target)
{
    private const int PieceSize = 128 * 1024;

    private int _pieces;
    private volatile bool _sending;

    /// <summary>Changes with every piece that was read.</summary>
    public int Pieces => Volatile.Read(ref _pieces);

    /// <summary>Waits for the client, not for the source.</summary>
    public bool IsSending => _sending;

    /// <param name="endOfSource">Has the source taken for ended.</param>
    /// <exception cref="IOException">The client is gone, or the source broke.</exception>
    public async Task RunAsync(CancellationToken endOfSource, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(IOutputChannel.Headroom + PieceSize);
        try
        {
            while (await ReadAsync(buffer, endOfSource) is var count and > 0)
            {
                _sending = true;
                Interlocked.Increment(ref _pieces);
                await target.SendAsync(buffer.AsMemory(0, IOutputChannel.Headroom + count), cancellationToken);
                _sending = false;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<int> ReadAsync(byte[] buffer, CancellationToken endOfSource)
    {
        try
        {
            return await source.ReadAsync(buffer.AsMemory(IOutputChannel.Headroom, PieceSize), endOfSource);
        }
        catch (OperationCanceledException) when (endOfSource.IsCancellationRequested)
        {
            return 0;
        }
    }
}
