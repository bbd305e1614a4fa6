using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>Chooses the manifest of an index that this machine runs best: right system and architecture, highest CPU variant it can run.</summary>
internal static class ManifestSelector
{
    private const string TargetSystem = "linux";

    /// <summary>GOARCH of this machine.</summary>
    public static string Architecture { get; } = RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <exception cref="ContentException">None fits; the text lists what there is.</exception>
    public static Descriptor Select(ImageIndex index)
    {
        Descriptor? best = null;
        var bestRank = -1;
        foreach (var candidate in index.Manifests)
        {
            if (Rank(candidate) is var rank && rank > bestRank)
            {
                (best, bestRank) = (candidate, rank);
            }
        }

        return best ?? throw new ContentException(
            $"no manifest for {TargetSystem}/{Architecture}; there are {string.Join(", ", index.Manifests.Select(m => Name(m.Platform)).Distinct())}");
    }

    /// <summary>-1: cannot be used; higher is better. On equal rank the first of the index is taken, as the specification says.</summary>
    private static int Rank(Descriptor candidate)
    {
        if (!MediaTypes.IsManifest(candidate.MediaType) && !MediaTypes.IsIndex(candidate.MediaType))
        {
            return -1;
        }

        if (candidate.Platform is not { } platform)
        {
            return 0; // an index of one image, or a nested index
        }

        return platform.Os == TargetSystem && platform.Architecture == Architecture ? VariantRank(platform.Variant) : -1;
    }

    /// <summary>Every amd64 machine runs v1, every arm64 one v8; higher levels need features that are looked for.</summary>
    private static int VariantRank(string? variant) => (Architecture, variant) switch
    {
        (_, null or "") => 1,
        ("amd64", "v1") or ("arm64", "v8") => 2,
        ("amd64", "v2") => Sse42.IsSupported ? 3 : -1,
        ("amd64", "v3") => Avx2.IsSupported && Bmi2.IsSupported ? 4 : -1,
        ("amd64", "v4") => Avx512F.IsSupported ? 5 : -1,
        _ => -1,
    };

    private static string Name(Platform? platform) =>
        platform is null ? "unknown" : $"{platform.Os}/{platform.Architecture}{(string.IsNullOrEmpty(platform.Variant) ? "" : "/" + platform.Variant)}";
}
