using System.Text.Json;
using CriShim.CriServer.Images.Content;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Archives;

/// <summary>Writes an OCI image layout (image-layout.md).</summary>
internal static class OciLayoutWriter
{
    public static string PathOf(Digest digest) => $"blobs/{digest.Algorithm}/{digest.Hex}";

    /// <summary>Everything but the layers, which are there.</summary>
    public static void Finish(IArchiveTarget target, IEnumerable<ExportedImage> images)
    {
        var entries = new List<Descriptor>();
        foreach (var image in images.DistinctBy(i => i.ConfigDigest))
        {
            var manifest = AddManifest(target, image);
            entries.AddRange(image.Names.Count == 0 ? [manifest] : image.Names.Select(name => Named(manifest, name)));
        }

        var index = new ImageIndex { MediaType = MediaTypes.OciIndex, Manifests = entries };
        target.Add("index.json", JsonSerializer.SerializeToUtf8Bytes(index, ImageSpecJsonContext.Default.ImageIndex));
        target.Add("oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8);
    }

    private static Descriptor AddManifest(IArchiveTarget target, ExportedImage image)
    {
        target.Add(PathOf(image.ConfigDigest), image.Config);
        var manifest = ArchiveManifest.Make(image.ConfigDigest, image.Config.Length, image.Layers);
        var descriptor = new Descriptor { MediaType = MediaTypes.OciManifest, Digest = BlobIngest.DigestOf(manifest), Size = manifest.Length };
        target.Add(PathOf(descriptor.Digest), manifest);
        return descriptor;
    }

    /// <summary>The name as skopeo and podman look for it, and as containerd and docker do.</summary>
    private static Descriptor Named(Descriptor manifest, string name) => manifest with
    {
        Annotations = new Dictionary<string, string> { [ArchiveNames.RefName] = name, [ArchiveNames.ContainerdName] = name },
    };
}
