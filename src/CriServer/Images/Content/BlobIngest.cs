using System.Security.Cryptography;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>Content that is verified while it is read: the size is held from the first byte too many, size and digest at the end.</summary>
internal sealed class BlobIngest : IDisposable
{
    private readonly Stream _body;
    private readonly Descriptor _expected;
    private readonly IncrementalHash _hash;
    private readonly Action<long>? _report;
    private readonly CancellationToken _cancellation;
    private long _received;

    /// <param name="report">Told the bytes received so far, block by block.</param>
    public BlobIngest(Stream body, Descriptor expected, CancellationToken cancellation, Action<long>? report = null)
    {
        _body = body;
        _expected = expected;
        _report = report;
        _hash = IncrementalHash.CreateHash(HashOf(expected.Digest));
        _cancellation = cancellation;
    }

    public void Dispose() => _hash.Dispose();

    /// <summary>The next bytes; 0 when all were read and verified.</summary>
    /// <exception cref="ContentException">Size or digest is wrong.</exception>
    /// <exception cref="Registry.RegistryException">Unavailable: the connection broke or stalled.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        var count = await _body.ReadAsync(buffer, _cancellation);
        _received += count;
        _report?.Invoke(_received);
        if (_received > _expected.Size)
        {
            throw new ContentException($"content {_expected.Digest} is larger than its {_expected.Size} bytes");
        }

        if (count > 0)
        {
            _hash.AppendData(buffer.Span[..count]);
        }
        else
        {
            Verify();
        }

        return count;
    }

    /// <summary>Reads all into memory; for small blobs.</summary>
    public async Task<byte[]> ReadAllAsync()
    {
        var bytes = new byte[_expected.Size + 1];
        var length = 0;
        while (await ReadAsync(bytes.AsMemory(length)) is var count and > 0)
        {
            length += count;
        }

        return bytes[..length];
    }

    public static HashAlgorithmName HashOf(Digest digest) => digest.Algorithm == Digest.Sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512;

    /// <summary>The digest of <paramref name="bytes"/> by the algorithm of <paramref name="like"/>.</summary>
    public static Digest DigestOf(ReadOnlySpan<byte> bytes, Digest? like = null) =>
        Digest.FromHash(like?.Algorithm == Digest.Sha512 ? SHA512.HashData(bytes) : SHA256.HashData(bytes));

    private void Verify()
    {
        if (_received != _expected.Size)
        {
            throw new ContentException($"content {_expected.Digest} ends after {_received} of {_expected.Size} bytes");
        }

        var actual = Digest.FromHash(_hash.GetHashAndReset());
        if (actual != _expected.Digest)
        {
            throw new ContentException($"content has digest {actual}, expected {_expected.Digest}");
        }
    }
}
