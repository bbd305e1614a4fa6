using System.Buffers.Binary;

namespace CriShim.Spdy;

/// <summary>Deflate's blocks without compression (RFC 1951 section 3.2.4): type 00, length, its complement, bytes.</summary>
internal static class StoredBlock
{
    /// <summary>Of an empty one: what a flush of zlib ends with. Decoders give out everything before it.</summary>
    public const int HeaderSize = 5;

    /// <param name="content">Less than 64 KiB.</param>
    public static byte[] Of(ReadOnlySpan<byte> content)
    {
        var block = new byte[HeaderSize + content.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(1), (ushort)content.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(3), (ushort)~content.Length);
        content.CopyTo(block.AsSpan(HeaderSize));
        return block;
    }
}
