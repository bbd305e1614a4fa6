using System.Buffers.Binary;

namespace CriShim.CriServer.Images.Layers;

/// <summary>Very many small records of bytes, in the order in which they came, packed: an array for each would cost more than what is in it.</summary>
internal sealed class RecordLog
{
    // Large objects: small ones that live long would be copied from generation to generation, and hold what lies around them.
    private const int ChunkBytes = 128 * 1024;
    private const int LengthBytes = sizeof(int);

    private readonly List<byte[]> _chunks = [];
    private int _used = ChunkBytes;

    /// <summary>Held in memory.</summary>
    public long Bytes => (long)_chunks.Count * ChunkBytes;

    /// <summary>A record to fill, much smaller than a chunk.</summary>
    public Span<byte> Append(int bytes)
    {
        if (LengthBytes + bytes > ChunkBytes - _used)
        {
            _chunks.Add(new byte[ChunkBytes]);
            _used = 0;
        }

        var chunk = _chunks[^1].AsSpan(_used, LengthBytes + bytes);
        BinaryPrimitives.WriteInt32LittleEndian(chunk, bytes);
        _used += chunk.Length;
        return chunk[LengthBytes..];
    }

    public IEnumerable<ReadOnlyMemory<byte>> Read()
    {
        foreach (var chunk in _chunks)
        {
            // Behind the last record of a chunk there are zeros, or no room for a length; no record is empty.
            for (var position = 0; position + LengthBytes <= chunk.Length;)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(chunk.AsSpan(position));
                if (length == 0)
                {
                    break;
                }

                yield return chunk.AsMemory(position + LengthBytes, length);
                position += LengthBytes + length;
            }
        }
    }
}
