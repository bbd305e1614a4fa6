namespace CriShim.Oci.ImageSpec;

/// <summary>An image for one platform: its config and its layers, lowest first (manifest.md; docker's schema 2 has the same shape).</summary>
public sealed record ImageManifest
{
    public int SchemaVersion { get; init; }
    public string? MediaType { get; init; }
    public string? ArtifactType { get; init; }
    public required Descriptor Config { get; init; }
    public required IReadOnlyList<Descriptor> Layers { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
