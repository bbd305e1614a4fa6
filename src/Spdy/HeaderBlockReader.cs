using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace CriShim.Spdy;

/// <summary>
/// Decompresses and reads header blocks (section 2.6.10), which are pieces of one zlib stream for the whole connection:
/// <code>count 4 | (length 4 | name | length 4 | value)*</code>
/// </summary>
/// <remarks>
/// The class library cannot preset zlib's dictionary. It need not: a raw deflate stream that begins with the dictionary as a stored block
/// has the same window after it, so the reader puts that block in front and takes the zlib header (RFC 1950) off itself.
/// </remarks>
internal sealed class HeaderBlockReader : IDisposable
{
    private const int ZlibHeaderSize = 2;
    private const int DictionaryIdSize = 4;
    private const int DictionaryFlag = 0x20;
    private const int DeflateMethod = 8;

    private readonly SpdyLimits _limits;
    private readonly BlockSource _source = new();
    private readonly DeflateStream _inflate;
    private bool _begun;
    private int _budget;

    public HeaderBlockReader(SpdyLimits limits)
    {
        _limits = limits;
        _inflate = new DeflateStream(_source, CompressionMode.Decompress);
    }

    public void Dispose() => _inflate.Dispose();

    /// <summary>Names in lower case; several values of a name are one, parted by NUL.</summary>
    /// <exception cref="SpdyException">The block is malformed, or larger than the limits.</exception>
    public Dictionary<string, string> Read(ReadOnlyMemory<byte> block)
    {
        try
        {
            _source.Set(_begun ? block : Begin(block));
            _budget = _limits.MaxHeaderBlockBytes;
            return ReadPairs();
        }
        catch (InvalidDataException e)
        {
            throw new SpdyException("malformed header compression", e);
        }
    }

    /// <summary>Reads the zlib header and sets the window that it asks for.</summary>
    /// <returns>What is left of the block.</returns>
    private ReadOnlyMemory<byte> Begin(ReadOnlyMemory<byte> block)
    {
        var header = block.Span;
        if (header.Length < ZlibHeaderSize || (header[0] & 0xf) != DeflateMethod || header[0] >> 4 > 7 || (header[0] << 8 | header[1]) % 31 != 0)
        {
            throw new SpdyException("header compression does not begin with a zlib header");
        }

        _begun = true;
        if ((header[1] & DictionaryFlag) == 0)
        {
            return block[ZlibHeaderSize..];
        }

        if (header.Length < ZlibHeaderSize + DictionaryIdSize || BinaryPrimitives.ReadUInt32BigEndian(header[ZlibHeaderSize..]) != HeaderDictionary.Id)
        {
            throw new SpdyException("header compression with an unknown dictionary");
        }

        _source.Set(StoredBlock.Of(HeaderDictionary.Bytes));
        _inflate.ReadExactly(new byte[HeaderDictionary.Bytes.Length]);
        return block[(ZlibHeaderSize + DictionaryIdSize)..];
    }

    private Dictionary<string, string> ReadPairs()
    {
        var count = ReadNumber();
        if (count > (uint)_limits.MaxHeaders)
        {
            throw new SpdyException($"header block of {count} names");
        }

        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var name = ReadText().ToLowerInvariant();
            if (name.Length == 0 || !headers.TryAdd(name, ReadText()))
            {
                throw new SpdyException("header block with an empty or repeated name");
            }
        }

        // Takes in the rest of the compressed bytes too, such as the marker of a flush.
        return _inflate.ReadByte() < 0 ? headers : throw new SpdyException("header block longer than its pairs");
    }

    private string ReadText()
    {
        var length = ReadNumber();
        if (length > (uint)_budget)
        {
            throw new SpdyException("header block is too large");
        }

        var text = new byte[length];
        Fill(text);
        return Encoding.Latin1.GetString(text);
    }

    private uint ReadNumber()
    {
        Span<byte> number = stackalloc byte[4];
        Fill(number);
        return BinaryPrimitives.ReadUInt32BigEndian(number);
    }

    private void Fill(Span<byte> target)
    {
        _budget -= target.Length;
        if (_budget < 0 || _inflate.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
        {
            throw new SpdyException(_budget < 0 ? "header block is too large" : "header block ends too early");
        }
    }

    /// <summary>The compressed bytes of one block; its end is not the end of the compressed stream.</summary>
    private sealed class BlockSource : Stream
    {
        private ReadOnlyMemory<byte> _rest;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public void Set(ReadOnlyMemory<byte> block) => _rest = block;

        public override int Read(Span<byte> buffer)
        {
            var count = Math.Min(buffer.Length, _rest.Length);
            _rest.Span[..count].CopyTo(buffer);
            _rest = _rest[count..];
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
