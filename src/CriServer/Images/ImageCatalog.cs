using System.Collections.Frozen;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Images;

/// <summary>All images at one moment, for readers without a lock.</summary>
internal sealed class ImageCatalog(IEnumerable<Image> images)
{
    private const string IdPrefix = "sha256:";

    public static readonly ImageCatalog Empty = new([]);

    private readonly FrozenDictionary<string, Image> _byId = images.ToFrozenDictionary(i => i.Id, StringComparer.Ordinal);
    private readonly FrozenDictionary<string, Image> _byName = images
        .SelectMany(i => i.RepoTags.Concat(i.RepoDigests), (image, name) => KeyValuePair.Create(name, image))
        .ToFrozenDictionary(StringComparer.Ordinal);

    public IReadOnlyList<Image> Images { get; } = [.. images.OrderBy(i => i.DisplayName, StringComparer.Ordinal)];

    /// <summary>By id, name (docker's short forms too) or unique start of an id; null when there is none.</summary>
    /// <exception cref="CriException">InvalidArgument: neither name nor id, or the start of several ids.</exception>
    public Image? Find(string reference)
    {
        if (_byId.GetValueOrDefault(reference) is { } byId)
        {
            return byId;
        }

        if (ImageReference.TryParse(reference, out var name) && _byName.GetValueOrDefault(name.StoredName) is { } byName)
        {
            return byName;
        }

        var start = reference.StartsWith(IdPrefix, StringComparison.Ordinal) ? reference[IdPrefix.Length..] : reference;
        return name is not null || (start.Length > 0 && start.All(char.IsAsciiHexDigitLower))
            ? FindByIdStart(start)
            : throw CriException.InvalidArgument($"invalid image name \"{reference}\"");
    }

    private Image? FindByIdStart(string start)
    {
        if (start.Length == 0 || !start.All(char.IsAsciiHexDigitLower))
        {
            return null;
        }

        var found = Images.Where(i => i.Digest.Hex.StartsWith(start, StringComparison.Ordinal)).Take(2).ToList();
        return found.Count < 2 ? found.FirstOrDefault() : throw CriException.InvalidArgument($"image id \"{start}\" is not unique");
    }
}
