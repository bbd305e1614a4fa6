namespace CriShim.CriServer.Streaming.Channels;

/// <summary>What is sent to a client on one of its streams; one sender at a time.</summary>
internal interface IOutputChannel
{
    /// <summary>Room in front of what is sent, for the headers of the layers below: the bytes stay where they were read to.</summary>
    public const int Headroom = 16;

    /// <param name="framed"><see cref="Headroom"/> bytes, then what is to be sent. The content is overwritten.</param>
    /// <exception cref="IOException">The client has dropped the stream, or is gone.</exception>
    ValueTask SendAsync(Memory<byte> framed, CancellationToken cancellationToken);

    /// <summary>Nothing follows, where the protocol can say so.</summary>
    ValueTask CompleteAsync();
}
