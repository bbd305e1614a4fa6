namespace CriShim.CriServer.Streaming.Channels;

/// <summary>What a client sends on one of its streams.</summary>
internal interface IInputChannel
{
    /// <returns>0 at the end of the client's input.</returns>
    /// <exception cref="IOException">The client has dropped the stream, or is gone.</exception>
    ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken);
}
