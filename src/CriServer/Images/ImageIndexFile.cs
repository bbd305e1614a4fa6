using System.Text.Json;
using CriShim.Linux;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images;

/// <summary>
/// <c>index.json</c> of the store's OCI image layout (image-layout.md): an entry per name, with the name as skopeo and others look for it.
/// </summary>
internal sealed class ImageIndexFile(string folder)
{
    private const string NameAnnotation = "org.opencontainers.image.ref.name";
    private const string ManifestAnnotation = "io.crishim.manifest";

    private string FilePath => Path.Combine(folder, "index.json");

    /// <exception cref="JsonException">The file is damaged.</exception>
    public IReadOnlyList<StoredImage> Read()
    {
        if (!File.Exists(FilePath))
        {
            return [];
        }

        var index = JsonSerializer.Deserialize(File.ReadAllBytes(FilePath), ImageSpecJsonContext.Default.ImageIndex);
        return index is null ? throw new JsonException("index is null") : [.. index.Manifests.Select(ToStored).OfType<StoredImage>()];
    }

    public void Write(IEnumerable<StoredImage> images)
    {
        var index = new ImageIndex { MediaType = MediaTypes.OciIndex, Manifests = [.. images.Select(ToDescriptor)] };
        AtomicFile.Write(FilePath, JsonSerializer.SerializeToUtf8Bytes(index, ImageSpecJsonContext.Default.ImageIndex));
    }

    /// <summary>Puts a damaged file out of the way; returns where it is.</summary>
    public string Quarantine(DateTimeOffset now)
    {
        var target = $"{FilePath}.{now.ToUnixTimeSeconds()}.damaged";
        File.Move(FilePath, target, overwrite: true);
        return target;
    }

    private static Descriptor ToDescriptor(StoredImage image) => image.Target with
    {
        Annotations = new Dictionary<string, string> { [NameAnnotation] = image.Name, [ManifestAnnotation] = image.Manifest.ToString() },
    };

    /// <summary>Null for an entry that is not one of ours.</summary>
    private static StoredImage? ToStored(Descriptor descriptor) =>
        descriptor.Annotations is { } notes && notes.TryGetValue(NameAnnotation, out var name)
        && notes.TryGetValue(ManifestAnnotation, out var manifest) && Digest.TryParse(manifest, out var digest)
            ? new StoredImage(name, descriptor with { Annotations = null }, digest)
            : null;
}
