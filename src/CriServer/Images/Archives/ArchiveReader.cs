using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Registry;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Archives;

/// <summary>
/// Tells what kind of archive it is and finds its images: an OCI image layout (image-layout.md), a docker archive (<c>manifest.json</c> is
/// a list), or what skopeo calls <c>dir</c> (<c>manifest.json</c> is the image's own).
/// </summary>
internal static class ArchiveReader
{
    private const string LayoutMarker = "oci-layout";
    private const string LayoutIndex = "index.json";

    /// <param name="files">Owned by the result; on failure the caller's.</param>
    /// <exception cref="ContentException">No archive of images, or a malformed one.</exception>
    public static async Task<ImageArchive> ReadAsync(IArchiveFiles files, CancellationToken cancellation)
    {
        if (ReadSmall(files, LayoutMarker) is not null)
        {
            return await ReadLayoutAsync(files, cancellation);
        }

        var manifest = ReadSmall(files, DockerArchiveWriter.ManifestPath)
            ?? throw new ContentException($"it is no archive of images: it has neither {LayoutMarker} nor {DockerArchiveWriter.ManifestPath}");
        return manifest.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("["u8) ? DockerArchiveReader.Read(files, manifest) : ReadSkopeoFolder(files, manifest);
    }

    /// <summary>A small document; null when it is not there.</summary>
    public static byte[]? ReadSmall(IArchiveFiles files, string path, int maxBytes = ArchiveLimits.MaxIndexBytes)
    {
        using var stream = files.Open(path);
        if (stream is null)
        {
            return null;
        }

        if (stream.Length > maxBytes)
        {
            throw new ContentException($"\"{path}\" has {stream.Length} bytes; the limit is {maxBytes}");
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    public static T Parse<T>(byte[] bytes, JsonTypeInfo<T> type, string path)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, type) ?? throw new ContentException($"\"{path}\" is null");
        }
        catch (JsonException e)
        {
            throw new ContentException($"\"{path}\" is invalid: {e.Message}", e);
        }
    }

    /// <summary>Entries without a name count only where none has one: builders put signatures and other things beside the images.</summary>
    private static async Task<ImageArchive> ReadLayoutAsync(IArchiveFiles files, CancellationToken cancellation)
    {
        var bytes = ReadSmall(files, LayoutIndex) ?? throw new ContentException($"the image layout has no {LayoutIndex}");
        var entries = Parse(bytes, ImageSpecJsonContext.Default.ImageIndex, LayoutIndex).Manifests;
        var named = entries.Where(e => ArchiveNames.Of(e.Annotations).Count > 0).ToList();
        var images = new List<ArchivedImage>();
        var blobs = new ImageArchive(files, [], LayoutPaths);
        foreach (var entry in named.Count > 0 ? named : entries)
        {
            CheckCount(images.Count + 1);
            if (entry.Size > ContentLimits.MaxManifestBytes || entry.Size < 0)
            {
                throw new ContentException($"manifest {entry.Digest} has size {entry.Size}; the limit is {ContentLimits.MaxManifestBytes}");
            }

            var target = await blobs.ReadManifestAsync(entry with { Annotations = null, Platform = null }, cancellation);
            images.Add(new ArchivedImage(target, ArchiveNames.Of(entry.Annotations)));
        }

        return new ImageArchive(files, images, LayoutPaths);
    }

    private static ImageArchive ReadSkopeoFolder(IArchiveFiles files, byte[] manifest)
    {
        var descriptor = new Descriptor { Digest = BlobIngest.DigestOf(manifest), Size = manifest.Length };
        return new ImageArchive(
            files, [new ArchivedImage(new FetchedManifest(descriptor, manifest), [])], digest => [digest.Hex, $"{digest.Hex}.manifest.json"]);
    }

    public static void CheckCount(int images)
    {
        if (images > ArchiveLimits.MaxImages)
        {
            throw new ContentException($"archive has more than {ArchiveLimits.MaxImages} images");
        }
    }

    private static IEnumerable<string> LayoutPaths(Digest digest) => [OciLayoutWriter.PathOf(digest)];
}
