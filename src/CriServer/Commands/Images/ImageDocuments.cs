using System.Globalization;
using System.Text.Json.Serialization;
using CriShim.Cri.V1;

namespace CriShim.CriServer.Commands.Images;

/// <summary>Images as JSON, with the names and forms that <c>crictl images -o json</c> has: 64-bit numbers are text.</summary>
internal sealed record ImageListDocument(IReadOnlyList<ImageDocument> Images);

/// <summary>One image.</summary>
internal sealed record ImageDocument(
    string Id,
    IReadOnlyList<string> RepoTags,
    IReadOnlyList<string> RepoDigests,
    string Size,
    UidDocument? Uid,
    string Username,
    ImageSpecDocument Spec,
    bool Pinned)
{
    public static ImageDocument Of(Image image) => new(
        image.Id,
        image.RepoTags,
        image.RepoDigests,
        image.Size.ToString(CultureInfo.InvariantCulture),
        image.Uid is null ? null : new UidDocument(image.Uid.Value.ToString(CultureInfo.InvariantCulture)),
        image.Username,
        new ImageSpecDocument(image.Spec?.Image ?? "", image.Spec?.Annotations.ToDictionary(a => a.Key, a => a.Value) ?? []),
        image.Pinned);
}

/// <summary>The user that an image runs as, when it is a number.</summary>
internal sealed record UidDocument(string Value);

/// <summary>What the image was asked for as.</summary>
internal sealed record ImageSpecDocument(string Image, IReadOnlyDictionary<string, string> Annotations);

/// <summary>Source-generated JSON of what the image commands print.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ImageListDocument))]
[JsonSerializable(typeof(PlanDocument))]
internal sealed partial class ImageDocumentsJsonContext : JsonSerializerContext;
