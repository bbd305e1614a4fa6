using System.Text.Json.Serialization;

namespace CriShim.Oci.ImageSpec;

/// <summary>What a manifest of an index is for (image-index.md, "platform"); names as of Go's GOARCH and GOOS.</summary>
public sealed record Platform
{
    public string? Architecture { get; init; }
    public string? Os { get; init; }

    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    /// <summary>Of the CPU: v7 and v8 on arm, v1 to v4 on amd64.</summary>
    public string? Variant { get; init; }
}
