using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Signatures;

namespace CriShim.CriServer.Images.Archives;

/// <summary>The names of an archive's images.</summary>
internal static class ArchiveNames
{
    /// <summary>A whole name, or only a tag (image-spec, annotations.md).</summary>
    public const string RefName = "org.opencontainers.image.ref.name";

    /// <summary>A whole name; containerd and docker write it beside the tag.</summary>
    public const string ContainerdName = "io.containerd.image.name";

    /// <summary>What an archive calls an image.</summary>
    /// <param name="annotations">Of its descriptor.</param>
    public static IReadOnlyList<string> Of(IReadOnlyDictionary<string, string>? annotations) =>
        (annotations?.GetValueOrDefault(ContainerdName) ?? annotations?.GetValueOrDefault(RefName)) is { Length: > 0 } name ? [name] : [];

    /// <param name="told">What the archive calls the image.</param>
    /// <param name="given">What the user does: a whole name, or a repository for the archive's tags; may be empty.</param>
    /// <exception cref="CriException">InvalidArgument: the image has no name that can be used.</exception>
    public static IReadOnlyList<ImageReference> Choose(IReadOnlyList<string> told, string given)
    {
        if (given.Length == 0)
        {
            return told.Count > 0 ? [.. told.Select(Whole)] : throw CriException.InvalidArgument("the archive has an image without a name; give one: --name NAME");
        }

        if (!SignedName.TryParse(given, out var name) || name.Digest is not null)
        {
            throw CriException.InvalidArgument($"invalid image name \"{given}\"");
        }

        return name.Tag is not null || told.Count == 0
            ? [ImageReference.Parse(given)]
            : [.. told.Select(text => ImageReference.Parse($"{name.Repository}:{TagOf(text)}")).Distinct()];
    }

    private static ImageReference Whole(string text) => IsTagOnly(text)
        ? throw CriException.InvalidArgument($"the archive has the tag \"{text}\" without a repository; give one: --name REPOSITORY")
        : ImageReference.Parse(text);

    private static string TagOf(string text) => IsTagOnly(text) ? text : ImageReference.Parse(text).Tag ?? "latest";

    private static bool IsTagOnly(string text) => !text.AsSpan().ContainsAny('/', ':', '@');
}
