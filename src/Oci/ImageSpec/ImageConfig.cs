using System.Text.Json.Serialization;

namespace CriShim.Oci.ImageSpec;

/// <summary>How to run an image and what it is made of (config.md). Its digest is the image's id.</summary>
public sealed record ImageConfig
{
    public string? Created { get; init; }
    public string? Architecture { get; init; }
    public string? Os { get; init; }
    public string? Variant { get; init; }

    /// <summary>The execution parameters; absent in images that only carry files.</summary>
    public ImageExecutionConfig? Config { get; init; }

    [JsonPropertyName("rootfs")]
    public required RootFs RootFs { get; init; }
}

/// <summary>Default user, command and so on of a container made from the image. Names are those of docker's Config.</summary>
public sealed record ImageExecutionConfig
{
    /// <summary>user, uid, user:group, uid:gid, uid:group or user:gid.</summary>
    [JsonPropertyName("User")]
    public string? User { get; init; }

    /// <summary>NAME=value.</summary>
    [JsonPropertyName("Env")]
    public IReadOnlyList<string>? Env { get; init; }

    [JsonPropertyName("Entrypoint")]
    public IReadOnlyList<string>? Entrypoint { get; init; }

    [JsonPropertyName("Cmd")]
    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>Paths that are volumes.</summary>
    [JsonPropertyName("Volumes")]
    [JsonConverter(typeof(ObjectKeysConverter))]
    public IReadOnlyList<string>? Volumes { get; init; }

    [JsonPropertyName("WorkingDir")]
    public string? WorkingDir { get; init; }

    [JsonPropertyName("Labels")]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    [JsonPropertyName("StopSignal")]
    public string? StopSignal { get; init; }
}

/// <summary>The digests of the uncompressed layers, lowest first.</summary>
public sealed record RootFs
{
    public string? Type { get; init; }

    [JsonPropertyName("diff_ids")]
    public IReadOnlyList<Digest>? DiffIds { get; init; }
}
