using System.IO.Compression;
using CriShim.CriServer.Images.Content;
using CriShim.Linux;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// How a layer is compressed. Its first bytes say so, not its media type: builders and registries confuse these, and only the bytes decide
/// what can work. What comes out is held against the diff id in any case, so nothing depends on the format being told truly.
/// </summary>
/// <remarks>
/// Gzip: all members; what follows the last one and does not begin like a member is ignored, as by gzip(1), but belongs to the digest.
/// Zstandard: all frames, skippable ones too; anything else after a frame is refused, as by zstd(1).
/// </remarks>
internal static class LayerCompression
{
    /// <summary>The archive that the source holds, plain or compressed.</summary>
    public static Stream Open(SourceStream source)
    {
        var start = source.Peek();
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
        {
            return GzipDecoder.IsAvailable ? new DecoderStream(source, new GzipDecoder()) : new GZipStream(source, CompressionMode.Decompress);
        }

        return IsZstd(start) ? new DecoderStream(source, new ZstdDecoder(ContentLimits.MaxZstdWindowLog)) : source;
    }

    /// <summary>A frame, or one to skip in front of the first (RFC 8878, 3.1).</summary>
    private static bool IsZstd(ReadOnlySpan<byte> start) =>
        start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd])
        || (start is [>= 0x50 and <= 0x5f, ..] && start[1..].StartsWith((ReadOnlySpan<byte>)[0x2a, 0x4d, 0x18]));
}
