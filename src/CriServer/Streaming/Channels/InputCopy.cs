using System.Buffers;

namespace CriShim.CriServer.Streaming.Channels;

/// <summary>Copies what a client sends to a stream.</summary>
internal static class InputCopy
{
    private const int PieceSize = 64 * 1024;

    /// <returns>At the end of the client's input.</returns>
    /// <exception cref="IOException">The client is gone, or nobody reads at the other end.</exception>
    public static async Task RunAsync(IInputChannel source, Stream target, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(PieceSize);
        try
        {
            while (await source.ReadAsync(buffer, cancellationToken) is var count and > 0)
            {
                await target.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
