using System.Security.Cryptography;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Layers;

/// <summary>Hashes what passes.</summary>
internal sealed class HashingSource(IByteSource source, HashAlgorithmName algorithm) : IByteSource, IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(algorithm);

    public ReadOnlyMemory<byte> Next()
    {
        var block = source.Next();
        _hash.AppendData(block.Span);
        return block;
    }

    /// <summary>Reads what is left; then the digest of everything.</summary>
    public Digest Finish()
    {
        while (!Next().IsEmpty)
        {
        }

        return Digest.FromHash(_hash.GetHashAndReset());
    }

    public void Dispose() => _hash.Dispose();
}

/// <summary>A stream as blocks.</summary>
internal sealed class StreamSource(Stream stream, int blockBytes = 64 * 1024) : IByteSource
{
    private readonly byte[] _block = new byte[blockBytes];

    public ReadOnlyMemory<byte> Next() => _block.AsMemory(0, stream.Read(_block));
}

/// <summary>Blocks as a stream to read, for decoders that want one.</summary>
internal sealed class SourceStream(IByteSource source) : Stream
{
    private ReadOnlyMemory<byte> _rest;
    private bool _ended;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The bytes to come, without taking them: up to the end of the current block, empty at the end of all.</summary>
    public ReadOnlySpan<byte> Peek()
    {
        if (_rest.IsEmpty && !_ended)
        {
            _rest = source.Next();
            _ended = _rest.IsEmpty;
        }

        return _rest.Span;
    }

    public override int Read(Span<byte> buffer)
    {
        var available = Peek();
        var count = Math.Min(available.Length, buffer.Length);
        available[..count].CopyTo(buffer);
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
