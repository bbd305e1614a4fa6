namespace CriShim.Spdy;

/// <summary>What one connection may cost. Sizes in bytes; a client that goes beyond loses the connection, or the stream where that is said.</summary>
public sealed record SpdyLimits
{
    /// <summary>Payload of a control frame. Data frames may have any size: they pass through in pieces.</summary>
    public int MaxControlFrameBytes { get; init; } = 32 * 1024;

    /// <summary>Names and values of one header block, after decompression.</summary>
    public int MaxHeaderBlockBytes { get; init; } = 32 * 1024;

    /// <summary>Names in one header block.</summary>
    public int MaxHeaders { get; init; } = 64;

    /// <summary>Streams open at the same time; one more is refused.</summary>
    public int MaxStreams { get; init; } = 256;

    /// <summary>Streams refused or closed before they were answered, in the connection's life.</summary>
    public int MaxRefusedStreams { get; init; } = 256;

    /// <summary>Received and not yet consumed, all streams together: beyond, the connection is not read.</summary>
    public int MaxBufferedBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>What a client that keeps to flow control may send on a stream ahead of its consumption.</summary>
    public int StreamWindowBytes { get; init; } = 256 * 1024;

    /// <summary>Answers to the client's control frames that it has not taken.</summary>
    public int MaxQueuedControlBytes { get; init; } = 64 * 1024;
}
