using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Registry;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Archives;

/// <summary>An image in an archive.</summary>
/// <param name="Target">Its index or manifest.</param>
/// <param name="Names">What the archive calls it: whole names or a tag only.</param>
/// <param name="IsOriginal">False for a manifest that was made up here: no registry knows its digest.</param>
internal sealed record ArchivedImage(FetchedManifest Target, IReadOnlyList<string> Names, bool IsOriginal = true);

/// <summary>An archive, understood: its images, and where their blobs lie.</summary>
/// <param name="pathsOf">Where a blob may lie, in the order to look.</param>
internal sealed class ImageArchive(IArchiveFiles files, IReadOnlyList<ArchivedImage> images, Func<Digest, IEnumerable<string>> pathsOf)
    : IBlobSource, IDisposable
{
    public IReadOnlyList<ArchivedImage> Images => images;

    /// <summary>A manifest that an index lists, verified.</summary>
    /// <exception cref="ContentException">It is not there, or is another.</exception>
    public async Task<FetchedManifest> ReadManifestAsync(Descriptor descriptor, CancellationToken cancellation) =>
        new(descriptor, await FetchBlobAsync(descriptor, ingest => ingest.ReadAllAsync(), cancellation));

    public async Task<T> FetchBlobAsync<T>(Descriptor descriptor, Func<BlobIngest, Task<T>> consume, CancellationToken cancellation)
    {
        await using var stream = pathsOf(descriptor.Digest).Select(files.Open).FirstOrDefault(found => found is not null)
            ?? throw new ContentException($"{descriptor.Digest} is not in the archive");
        using var ingest = new BlobIngest(stream, descriptor, cancellation);
        return await consume(ingest);
    }

    public void Dispose() => files.Dispose();
}
