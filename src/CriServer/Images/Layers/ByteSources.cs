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
