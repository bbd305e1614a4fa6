using System.Text.Json;
using System.Text.Json.Serialization;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Archives;

/// <summary>Writes what <c>docker load</c> reads: <c>manifest.json</c> beside configs and plain layers.</summary>
internal static class DockerArchiveWriter
{
    public const string ManifestPath = "manifest.json";

    public static string PathOf(Digest layer) => $"{layer.Hex}.tar";

    /// <inheritdoc cref="OciLayoutWriter.Finish"/>
    public static void Finish(IArchiveTarget target, IEnumerable<ExportedImage> images)
    {
        var entries = new List<DockerArchiveEntry>();
        foreach (var image in images.DistinctBy(i => i.ConfigDigest))
        {
            var config = $"{image.ConfigDigest.Hex}.json";
            target.Add(config, image.Config);
            entries.Add(new DockerArchiveEntry(config, image.Names, [.. image.Layers.Select(l => PathOf(l.Digest))]));
        }

        target.Add(ManifestPath, JsonSerializer.SerializeToUtf8Bytes(entries, DockerArchiveJsonContext.Default.ListDockerArchiveEntry));
    }
}

/// <summary>An image in a docker archive's <c>manifest.json</c>.</summary>
/// <param name="Config">Path within the archive.</param>
/// <param name="RepoTags">Names with a tag; null for none.</param>
/// <param name="Layers">Paths within the archive, lowest first.</param>
internal sealed record DockerArchiveEntry(
    [property: JsonRequired] string Config, IReadOnlyList<string>? RepoTags, [property: JsonRequired] IReadOnlyList<string> Layers);

/// <summary>Source-generated JSON of docker archives; names are as in Go.</summary>
[JsonSourceGenerationOptions(RespectNullableAnnotations = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(List<DockerArchiveEntry>))]
internal sealed partial class DockerArchiveJsonContext : JsonSerializerContext;
