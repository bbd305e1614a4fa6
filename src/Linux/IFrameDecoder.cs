namespace CriShim.Linux;

/// <summary>What one step of a decoder did.</summary>
/// <param name="Consumed">Bytes of the input.</param>
/// <param name="Written">Bytes of the output.</param>
/// <param name="Ended">A frame is complete, and all of it was written.</param>
public readonly record struct DecodeStep(int Consumed, int Written, bool Ended);

/// <summary>Decodes a compressed format whose data is a sequence of frames (gzip: members), each verified by its own checksum.</summary>
public interface IFrameDecoder : IDisposable
{
    /// <summary>Begins the frame that starts with this byte; false when no frame does.</summary>
    bool TryStart(byte first);

    /// <summary>Goes on as far as input and output last. An empty input gives what the decoder still holds.</summary>
    /// <exception cref="InvalidDataException">The input is not of the format, or a checksum is wrong.</exception>
    DecodeStep Decode(ReadOnlySpan<byte> input, Span<byte> output);
}
