namespace CriShim.Oci.ImageSpec;

/// <summary>Manifests of one image for several platforms (image-index.md; docker's manifest list has the same shape).</summary>
public sealed record ImageIndex
{
    public int SchemaVersion { get; init; } = 2;
    public string? MediaType { get; init; }
    public required IReadOnlyList<Descriptor> Manifests { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
