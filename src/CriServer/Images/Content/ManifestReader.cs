using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>An index or a manifest: exactly one of the two is set.</summary>
internal sealed record ManifestDocument(ImageIndex? Index, ImageManifest? Manifest);

/// <summary>
/// Reads indexes, manifests and configs of OCI and docker schema 2. What a document is must be told the same way by its media type and by
/// its fields, otherwise one client could be made to see an index where another sees a manifest (CVE-2021-41190).
/// </summary>
internal static class ManifestReader
{
    /// <summary>Everything that can be asked for under a manifest's address.</summary>
    public static readonly IReadOnlyList<string> Accepted =
        [MediaTypes.OciIndex, MediaTypes.OciManifest, MediaTypes.DockerManifestList, MediaTypes.DockerManifest];

    /// <param name="mediaType">From the descriptor or the Content-Type; null when none was given.</param>
    /// <exception cref="ContentException">Neither index nor manifest, or not unmistakably one.</exception>
    public static ManifestDocument Read(ReadOnlyMemory<byte> bytes, string? mediaType)
    {
        var (inner, hasManifests, hasLayers, isSchema1) = Inspect(bytes);
        if (isSchema1 || MediaTypes.IsSchema1(mediaType))
        {
            throw new ContentException("manifest is of docker's schema 1, which is not supported; push the image again with a tool of today");
        }

        if (mediaType is not null && inner is not null && mediaType != inner)
        {
            throw new ContentException($"manifest is said to be \"{mediaType}\" but says \"{inner}\"");
        }

        var type = inner ?? mediaType ?? (hasManifests ? MediaTypes.OciIndex : MediaTypes.OciManifest);
        if (hasManifests == hasLayers || hasManifests != MediaTypes.IsIndex(type) || hasLayers != MediaTypes.IsManifest(type))
        {
            throw new ContentException($"manifest of type \"{type}\" does not have the fields of its type");
        }

        return hasManifests
            ? new ManifestDocument(Checked(Deserialize(bytes, ImageSpecJsonContext.Default.ImageIndex, "index")), null)
            : new ManifestDocument(null, Checked(Deserialize(bytes, ImageSpecJsonContext.Default.ImageManifest, "manifest")));
    }

    /// <exception cref="ContentException">Not an image config.</exception>
    public static ImageConfig ReadConfig(ReadOnlyMemory<byte> bytes)
    {
        var config = Deserialize(bytes, ImageSpecJsonContext.Default.ImageConfig, "image config");
        return config.RootFs is not null ? config : throw new ContentException("image config has no rootfs");
    }

    private static (string? MediaType, bool HasManifests, bool HasLayers, bool IsSchema1) Inspect(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new ContentException("manifest is not a JSON object");
            }

            if (root.EnumerateObject().Select(p => p.Name).GroupBy(n => n, StringComparer.OrdinalIgnoreCase).Any(g => g.Count() > 1))
            {
                throw new ContentException("manifest has a field twice");
            }

            var mediaType = root.TryGetProperty("mediaType", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null;
            return (mediaType, root.TryGetProperty("manifests", out _), root.TryGetProperty("layers", out _), root.TryGetProperty("fsLayers", out _));
        }
        catch (JsonException e)
        {
            throw new ContentException("manifest is not JSON", e);
        }
    }

    private static ImageIndex Checked(ImageIndex index)
    {
        if (index.Manifests.Count > ContentLimits.MaxIndexEntries)
        {
            throw new ContentException($"index has {index.Manifests.Count} manifests; the limit is {ContentLimits.MaxIndexEntries}");
        }

        foreach (var descriptor in index.Manifests)
        {
            Check(descriptor, ContentLimits.MaxManifestBytes, "manifest");
        }

        return index;
    }

    private static ImageManifest Checked(ImageManifest manifest)
    {
        if (manifest.SchemaVersion != 2)
        {
            throw new ContentException($"manifest has schema version {manifest.SchemaVersion}; 2 is supported");
        }

        Check(manifest.Config, ContentLimits.MaxConfigBytes, "config");
        if (string.IsNullOrEmpty(manifest.Config.MediaType))
        {
            throw new ContentException("manifest has a config without a media type");
        }

        if (manifest.Layers.Count > ContentLimits.MaxLayers)
        {
            throw new ContentException($"manifest has {manifest.Layers.Count} layers; the limit is {ContentLimits.MaxLayers}");
        }

        foreach (var layer in manifest.Layers)
        {
            Check(layer, long.MaxValue, "layer");
            if (MediaTypes.IsForeignLayer(layer.MediaType))
            {
                throw new ContentException($"layer {layer.Digest} is a foreign layer; these are not fetched");
            }
        }

        return manifest;
    }

    private static void Check(Descriptor descriptor, long maxBytes, string what)
    {
        if (descriptor is null || descriptor.Size < 0 || descriptor.Size > maxBytes)
        {
            throw new ContentException($"{what} {descriptor?.Digest} has size {descriptor?.Size}; the limit is {maxBytes}");
        }
    }

    private static T Deserialize<T>(ReadOnlyMemory<byte> bytes, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(bytes.Span, type) ?? throw new ContentException($"{what} is null");
        }
        catch (JsonException e)
        {
            throw new ContentException($"{what} is invalid: {e.Message}", e);
        }
    }
}
