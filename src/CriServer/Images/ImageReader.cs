using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images;

/// <summary>An image as it lies on the disk, still without its names.</summary>
/// <param name="Blobs">Everything that leads to it: indexes, manifest and config.</param>
internal sealed record ImageContent(Image Image, IReadOnlyList<Digest> Blobs);

/// <summary>Puts an image together from its documents and its layers; every document is verified by its digest.</summary>
internal sealed class ImageReader(BlobStore blobs, LayerStore layers)
{
    /// <exception cref="ContentException">Something of it is missing or damaged.</exception>
    public ImageContent Read(StoredImage stored)
    {
        var path = FindPath(stored.Target.Digest, stored.Manifest, 1) ?? throw new ContentException("index does not lead to its manifest");
        var bytes = ReadBlob(stored.Manifest, ContentLimits.MaxManifestBytes, "manifest");
        var manifest = ManifestReader.Read(bytes, null).Manifest ?? throw new ContentException("manifest is an index");
        var configBytes = ReadBlob(manifest.Config.Digest, ContentLimits.MaxConfigBytes, "config");
        var description = ImageDescription.Read(stored.Manifest, manifest, configBytes);
        var image = new Image
        {
            Digest = description.Id,
            RepoTags = [],
            RepoDigests = [],
            SizeBytes = bytes.Length + configBytes.Length + description.Layers.Sum(l => RecordOf(l).Bytes),
            Config = description.Config,
            ManifestDigest = stored.Manifest,
            DiffIds = [.. description.Layers.Select(l => l.Id)],
            User = description.User,
            ArtifactType = description.ArtifactType,
            Annotations = manifest.Annotations ?? new Dictionary<string, string>(),
            Pinned = false,
        };
        return new ImageContent(image, [.. path, manifest.Config.Digest]);
    }

    private LayerRecord RecordOf(ImageLayer layer) => layers.Find(layer.Id) ?? throw new ContentException($"layer {layer.Id} is missing");

    private byte[] ReadBlob(Digest digest, int maxBytes, string what) =>
        blobs.Read(digest, maxBytes) ?? throw new ContentException($"{what} {digest} is missing or damaged");

    /// <summary>The indexes from a name's target to its manifest, both ends included; null when this way does not lead there.</summary>
    private IReadOnlyList<Digest>? FindPath(Digest from, Digest manifest, int depth)
    {
        if (from == manifest)
        {
            return [from];
        }

        if (depth > ContentLimits.MaxIndexDepth || blobs.Read(from, ContentLimits.MaxManifestBytes) is not { } bytes
            || ManifestReader.Read(bytes, null).Index is not { } index)
        {
            return null;
        }

        return index.Manifests.Any(m => m.Digest == manifest)
            ? [from, manifest]
            : index.Manifests.Where(m => MediaTypes.IsIndex(m.MediaType)).Select(m => FindPath(m.Digest, manifest, depth + 1))
                .FirstOrDefault(p => p is not null) is { } rest
            ? [from, .. rest]
            : null;
    }
}
