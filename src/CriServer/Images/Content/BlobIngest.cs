using System.Security.Cryptography;
using CriShim.CriServer.Images.Registry;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>
/// A download that is verified while it is read: the size is held from the first byte too many, size and digest at the end. A body that
/// does not move for the progress limit fails.
/// </summary>
internal sealed class BlobIngest : IDisposable
{
    private readonly Stream _body;
    private readonly Descriptor _expected;
    private readonly TimeSpan _progressLimit;
    private readonly IncrementalHash _hash;
    private readonly CancellationTokenSource _stalled;
    private long _received;

    private readonly Action<long>? _report;

    /// <param name="report">Told the bytes received so far, block by block.</param>
    public BlobIngest(Stream body, Descriptor expected, TimeSpan progressLimit, CancellationToken cancellation, Action<long>? report = null)
    {
        _report = report;
        _body = body;
        _expected = expected;
        _progressLimit = progressLimit;
        _hash = IncrementalHash.CreateHash(HashOf(expected.Digest));
        _stalled = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Cancellation = cancellation;
    }

    private CancellationToken Cancellation { get; }

    public void Dispose()
    {
        _hash.Dispose();
        _stalled.Dispose();
    }

    /// <summary>The next bytes; 0 when all were read and verified.</summary>
    /// <exception cref="ContentException">Size or digest is wrong.</exception>
    /// <exception cref="RegistryException">Unavailable: the connection broke or stalled.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        var count = await ReceiveAsync(buffer);
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

    private async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        try
        {
            _stalled.CancelAfter(_progressLimit);
            return await _body.ReadAsync(buffer, _stalled.Token);
        }
        catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
        {
            throw new RegistryException(RegistryFailure.Unavailable, $"no byte came for {_progressLimit.TotalSeconds} s");
        }
        catch (IOException e)
        {
            throw new RegistryException(RegistryFailure.Unavailable, $"download broke after {_received} of {_expected.Size} bytes", e);
        }
    }

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
