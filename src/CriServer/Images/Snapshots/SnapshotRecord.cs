using System.Text.Json.Serialization;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>What a snapshot is made of: read at start, so that layers in use are never removed, whatever became of the image.</summary>
/// <param name="DiffIds">Lowest first.</param>
/// <param name="Project">Of the file system's quotas; null when the container has no limit.</param>
internal sealed record SnapshotRecord(string ContainerId, string Snapshotter, IReadOnlyList<Digest> DiffIds, uint? Project = null);

/// <summary>Source-generated JSON of snapshot records.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(SnapshotRecord))]
internal sealed partial class SnapshotJsonContext : JsonSerializerContext;
