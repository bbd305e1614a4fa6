using System.IO.Compression;
using System.Security.Cryptography;
using CriShim.Linux;
using CriShim.Oci.ImageSpec;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Archives;

/// <summary>A layer packed again, in a spool file.</summary>
/// <param name="Blob">At its start.</param>
internal sealed record PackedLayer(Descriptor Descriptor, Digest DiffId, FileStream Blob) : IDisposable
{
    private const int BufferBytes = 1 << 20;

    public void Dispose() => Blob.Dispose();

    /// <param name="contents">The layer's folder.</param>
    /// <param name="spoolFolder">Where the file may lie.</param>
    public static PackedLayer Make(string contents, Func<byte[], bool> isImplied, bool compress, string spoolFolder)
    {
        var spool = SpoolFile.Create(spoolFolder);
        try
        {
            using var blobHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var diffHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var blob = new HashingWriter(spool, blobHash);
            using (var compressor = compress ? new GZipStream(blob, CompressionLevel.Fastest, leaveOpen: true) : null)
            using (var buffered = new BufferedStream(new HashingWriter(compressor ?? (Stream)blob, diffHash), BufferBytes))
            using (var root = Fd.Open(contents, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
            {
                new LayerPacker(new TarOutput(buffered), isImplied).Pack(root);
                buffered.Flush();
            }

            spool.Position = 0;
            var descriptor = new Descriptor
            {
                MediaType = compress ? MediaTypes.OciLayerGzip : MediaTypes.OciLayer,
                Digest = Digest.FromHash(blobHash.GetHashAndReset()),
                Size = spool.Length,
            };
            return new PackedLayer(descriptor, Digest.FromHash(diffHash.GetHashAndReset()), spool);
        }
        catch
        {
            spool.Dispose();
            throw;
        }
    }
}
