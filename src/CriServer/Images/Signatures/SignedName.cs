using System.Diagnostics.CodeAnalysis;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Signatures;

/// <summary>
/// A name in a signature or a policy. Unlike an <see cref="ImageReference"/> it may have neither tag nor digest: then it is the
/// repository and does not mean <c>:latest</c>.
/// </summary>
internal sealed record SignedName(string Repository, string? Tag, Digest? Digest)
{
    public bool IsRepositoryOnly => Tag is null && Digest is null;

    /// <summary>What an image is asked for by: its digest when it has one, else its tag.</summary>
    public static SignedName Of(ImageReference reference) =>
        new(reference.Name, reference.Digest is null ? reference.Tag : null, reference.Digest);

    public static bool TryParse(string text, [NotNullWhen(true)] out SignedName? name)
    {
        name = null;
        if (ImageReference.TryParse(text, out var reference))
        {
            var at = text.IndexOf('@', StringComparison.Ordinal);
            var path = at < 0 ? text : text[..at];
            var hasTag = path.LastIndexOf(':') > path.LastIndexOf('/');
            name = new SignedName(reference.Name, hasTag ? reference.Tag : null, reference.Digest);
        }

        return name is not null;
    }

    public override string ToString() => Repository + (Tag is null ? "" : $":{Tag}") + (Digest is null ? "" : $"@{Digest}");
}
