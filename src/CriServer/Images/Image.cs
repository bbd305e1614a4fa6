using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images;

/// <summary>An image that is there, whole: its names, its config and its layers. Immutable; a change makes a new one.</summary>
internal sealed record Image
{
    /// <summary>The digest of the config: the same for the same image from whatever registry. An artifact's is its manifest's.</summary>
    public required Digest Digest { get; init; }

    /// <summary><see cref="Digest"/> as text, <c>sha256:…</c>.</summary>
    public string Id => Digest.ToString();

    /// <summary>Names with a tag, sorted: <c>docker.io/library/busybox:latest</c>.</summary>
    public required IReadOnlyList<string> RepoTags { get; init; }

    /// <summary>Names with the digest of the index or manifest they stand for, sorted: <c>docker.io/library/busybox@sha256:…</c>.</summary>
    public required IReadOnlyList<string> RepoDigests { get; init; }

    /// <summary>On disk, unpacked, shared layers in full.</summary>
    public required long SizeBytes { get; init; }

    public required ImageConfig Config { get; init; }

    /// <summary>The manifest for this machine.</summary>
    public required Digest ManifestDigest { get; init; }

    /// <summary>Ids of the layers, lowest first.</summary>
    public required IReadOnlyList<Digest> DiffIds { get; init; }

    /// <summary>The USER of the config without its group.</summary>
    public required ImageUser User { get; init; }

    /// <summary>Null for an image; else what kind of artifact it is: nothing to run, only files to mount.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>Of the manifest.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    public required bool Pinned { get; init; }

    /// <summary>A name for people: the first tag, else the first digest, else the id.</summary>
    public string DisplayName => RepoTags.Concat(RepoDigests).FirstOrDefault(Id);
}
