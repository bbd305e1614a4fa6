namespace CriShim.Oci.ImageSpec;

/// <summary>A reference to content: what it is, its digest and its size in bytes (descriptor.md).</summary>
public sealed record Descriptor
{
    public string? MediaType { get; init; }
    public required Digest Digest { get; init; }
    public required long Size { get; init; }

    /// <summary>Other places to fetch from; never followed.</summary>
    public IReadOnlyList<string>? Urls { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
    public Platform? Platform { get; init; }
    public string? ArtifactType { get; init; }
}
