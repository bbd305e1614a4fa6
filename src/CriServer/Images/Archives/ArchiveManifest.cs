using System.Text.Json;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Archives;

/// <summary>The manifest of an image that has none of its own: packed again, or from a docker archive.</summary>
internal static class ArchiveManifest
{
    public static byte[] Make(Digest config, long configSize, IReadOnlyList<Descriptor> layers) => JsonSerializer.SerializeToUtf8Bytes(
        new ImageManifest
        {
            SchemaVersion = 2,
            MediaType = MediaTypes.OciManifest,
            Config = new Descriptor { MediaType = MediaTypes.OciConfig, Digest = config, Size = configSize },
            Layers = layers,
        },
        ImageSpecJsonContext.Default.ImageManifest);
}
