using System.Text.Json.Serialization;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>What a snapshot is made of: read at start, so that layers in use are never removed, whatever became of the image.</summary>
/// <param name="DiffIds">Lowest first.</param>
/// <param name="Project">Of the file system's quotas; null when the container has no limit.</param>
/// <param name="Volumes">Layers of each image that the container has as a volume; null: it has none.</param>
internal sealed record SnapshotRecord(
    string ContainerId, string Snapshotter, IReadOnlyList<Digest> DiffIds, uint? Project = null, IReadOnlyList<IReadOnlyList<Digest>>? Volumes = null)
{
    /// <summary>Those that must stay: the root's and the volumes'.</summary>
    [JsonIgnore]
    public IEnumerable<Digest> AllLayers => DiffIds.Concat((Volumes ?? []).SelectMany(layers => layers));
}

/// <summary>Source-generated JSON of snapshot records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SnapshotRecord))]
internal sealed partial class SnapshotJsonContext : JsonSerializerContext;
