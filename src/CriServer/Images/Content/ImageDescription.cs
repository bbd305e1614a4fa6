using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>What a manifest and its config say together, checked against each other.</summary>
/// <param name="Id">The config's digest; an artifact's is its manifest's, since most artifacts have the same, empty config.</param>
/// <param name="Layers">Lowest first.</param>
/// <param name="ArtifactType">Null for an image that containers can be made from.</param>
internal sealed record ImageDescription(
    Digest Id, ImageConfig Config, IReadOnlyList<ImageLayer> Layers, ImageUser User, string? ArtifactType)
{
    /// <exception cref="ContentException">They do not fit.</exception>
    public static ImageDescription Read(Digest digest, ImageManifest manifest, ReadOnlyMemory<byte> configBytes)
    {
        if (!MediaTypes.IsConfig(manifest.Config.MediaType))
        {
            return OfArtifact(digest, manifest);
        }

        var config = ManifestReader.ReadConfig(configBytes);
        var diffIds = config.RootFs.DiffIds ?? [];
        if (diffIds.Count != manifest.Layers.Count)
        {
            throw new ContentException($"manifest has {manifest.Layers.Count} layers, its config {diffIds.Count}");
        }

        var layers = manifest.Layers.Zip(diffIds, (blob, diffId) => new ImageLayer(blob, diffId, diffId)).ToList();
        return new ImageDescription(manifest.Config.Digest, config, layers, ImageUser.Parse(config.Config?.User), null);
    }

    private static ImageDescription OfArtifact(Digest digest, ImageManifest manifest)
    {
        var layers = ArtifactLayers.Of(manifest);
        var config = new ImageConfig { RootFs = new RootFs { DiffIds = [.. layers.Select(l => l.Id)] } };
        return new ImageDescription(digest, config, layers, ImageUser.Parse(null), manifest.ArtifactType ?? manifest.Config.MediaType);
    }
}
