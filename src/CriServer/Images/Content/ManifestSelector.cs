using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>Chooses the manifest of an index that a machine runs best.</summary>
internal static class ManifestSelector
{
    /// <summary>
    /// What may be used, best first; on equal rank in the index's order, as the specification says. Entries without a platform come last: a
    /// nested index, or an index of one image. Attestations say <c>unknown/unknown</c> and are never candidates.
    /// </summary>
    public static IReadOnlyList<Descriptor> Candidates(ImageIndex index, PlatformOrder order) =>
    [
        .. index.Manifests
            .Where(m => MediaTypes.IsManifest(m.MediaType) || MediaTypes.IsIndex(m.MediaType))
            .Select(m => (Manifest: m, Rank: m.Platform is { } platform ? order.RankOf(platform) : int.MaxValue))
            .Where(c => c.Rank is not null)
            .OrderBy(c => c.Rank)
            .Select(c => c.Manifest),
    ];

    /// <summary>The refusal when no candidate of an index, or of those nested in it, fits; lists what there is.</summary>
    public static ContentException NothingFits(ImageIndex index, PlatformOrder order) => new(
        $"no manifest for {order.Name}; there are {string.Join(", ", index.Manifests.Select(m => Name(m.Platform)).Distinct())}");

    private static string Name(Platform? platform) =>
        platform is null ? "unknown" : $"{platform.Os}/{platform.Architecture}{(string.IsNullOrEmpty(platform.Variant) ? "" : "/" + platform.Variant)}";
}
