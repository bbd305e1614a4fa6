using System.Text;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>
/// The layers of an artifact (manifest.md, "Guidelines for Artifact Usage"). Archives of files are unpacked like an image's; every other
/// blob is one file, named by its title annotation or else its digest, as CRI-O mounts them.
/// </summary>
internal static class ArtifactLayers
{
    private const string TitleAnnotation = "org.opencontainers.image.title";

    /// <exception cref="ContentException">A title that is no relative path within the artifact.</exception>
    public static IReadOnlyList<ImageLayer> Of(ImageManifest manifest) =>
        [.. manifest.Layers.Where(l => l.MediaType != MediaTypes.OciEmpty).Select(l => MediaTypes.IsArchiveLayer(l.MediaType) ? Archive(l) : File(l))];

    private static ImageLayer Archive(Descriptor blob) => new(blob, MakeId($"archive {blob.Digest}"), null);

    private static ImageLayer File(Descriptor blob)
    {
        var name = blob.Annotations?.GetValueOrDefault(TitleAnnotation) is { Length: > 0 } title ? title : blob.Digest.Hex;
        if (Encoding.UTF8.GetByteCount(name) > ContentLimits.MaxTitleBytes || name.Contains('\0', StringComparison.Ordinal)
            || name.Split('/').Any(part => part is "" or "." or ".."))
        {
            throw new ContentException($"layer {blob.Digest} has the title \"{name}\", which is no path of a file");
        }

        return new ImageLayer(blob, MakeId($"file {blob.Digest} {name}"), null, name);
    }

    /// <summary>Never a digest of content, so that no artifact can put its files where an image's layer belongs.</summary>
    private static Digest MakeId(string what) => BlobIngest.DigestOf(Encoding.UTF8.GetBytes($"crishim artifact layer: {what}"));
}
