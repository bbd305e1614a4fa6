using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using CriShim.CriServer.Errors;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images;

/// <summary>
/// The name of an image: registry host, repository and a tag, a digest or both. Short names are docker's: <c>busybox</c> is
/// <c>docker.io/library/busybox:latest</c>. Grammar: github.com/distribution/reference.
/// </summary>
public sealed partial record ImageReference
{
    private const int MaxNameLength = 255;
    private const string DefaultHost = "docker.io";
    private const string LegacyDefaultHost = "index.docker.io";
    private const string DefaultTag = "latest";

    private ImageReference(string host, string repository, string? tag, Digest? digest)
    {
        Host = host;
        Repository = repository;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>Registry host with its port if one was given: <c>docker.io</c>, <c>127.0.0.1:5000</c>.</summary>
    public string Host { get; }

    /// <summary>Path within the registry: <c>library/busybox</c>.</summary>
    public string Repository { get; }

    /// <summary>Null only when a digest is given.</summary>
    public string? Tag { get; }

    public Digest? Digest { get; }

    /// <summary>Host and repository.</summary>
    public string Name => $"{Host}/{Repository}";

    /// <summary>What the image is stored under: the digest wins over the tag, as with containerd.</summary>
    public string StoredName => Digest is { } digest ? WithDigest(digest) : $"{Name}:{Tag}";

    public string WithDigest(Digest digest) => $"{Name}@{digest}";

    /// <exception cref="CriException">InvalidArgument: not the name of an image.</exception>
    public static ImageReference Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            throw CriException.InvalidArgument("image name is empty");
        }

        return TryParse(text, out var reference) ? reference : throw CriException.InvalidArgument($"invalid image name \"{text}\"");
    }

    public static bool TryParse(string text, [NotNullWhen(true)] out ImageReference? reference)
    {
        reference = null;
        Digest? digest = null;
        var rest = text;
        if (rest.IndexOf('@', StringComparison.Ordinal) is var at && at >= 0)
        {
            if (!Oci.ImageSpec.Digest.TryParse(rest[(at + 1)..], out var parsed))
            {
                return false;
            }

            digest = parsed;
            rest = rest[..at];
        }

        string? tag = null;
        if (rest.LastIndexOf(':') is var colon && colon > rest.LastIndexOf('/') && colon >= 0)
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
        }

        var (host, repository) = SplitHost(rest);
        if ((tag is not null && !TagPattern().IsMatch(tag)) || !HostPattern().IsMatch(host) || !RepositoryPattern().IsMatch(repository)
            || host.Length + 1 + repository.Length > MaxNameLength || IsId(text))
        {
            return false;
        }

        reference = new ImageReference(host, repository, tag ?? (digest is null ? DefaultTag : null), digest);
        return true;
    }

    public override string ToString() =>
        Digest is null ? $"{Name}:{Tag}" : Tag is null ? $"{Name}@{Digest}" : $"{Name}:{Tag}@{Digest}";

    /// <summary>The first component is a host when it looks like one: has a dot or a port, is localhost or has an upper-case letter.</summary>
    private static (string Host, string Repository) SplitHost(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : name[..slash];
        var isHost = slash >= 0 && (first.AsSpan().ContainsAny('.', ':') || first == "localhost" || first.Any(char.IsAsciiLetterUpper));
        var host = isHost ? first : DefaultHost;
        var repository = isHost ? name[(slash + 1)..] : name;
        if (host is DefaultHost or LegacyDefaultHost)
        {
            return (DefaultHost, repository.Contains('/', StringComparison.Ordinal) ? repository : "library/" + repository);
        }

        return (host, repository);
    }

    /// <summary>A bare id is no name, or an image could be called like another's id.</summary>
    private static bool IsId(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex TagPattern();

    [GeneratedRegex(@"^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]{1,5})?\z")]
    private static partial Regex HostPattern();

    [GeneratedRegex(@"^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*\z")]
    private static partial Regex RepositoryPattern();
}
