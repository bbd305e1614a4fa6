using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Registry;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Signatures;

/// <summary>
/// Asks the signature policy: of a pull, before anything is unpacked, with the registry's signatures; of a container, with those kept
/// from the pull. Without a policy everything is accepted.
/// </summary>
/// <remarks>A signature of the index counts for each of its manifests: their digests are in what was signed.</remarks>
internal sealed class SignatureCheck(SignaturePolicy? policy, SignatureStore store)
{
    public SignaturePolicy? Policy => policy;

    /// <param name="digests">Of the image's manifest and of what the name stands for.</param>
    /// <exception cref="SignatureException">The policy refuses the image.</exception>
    public async Task RequireForPullAsync(
        ImageReference reference, IEnumerable<Digest> digests, RepositoryClient repository, CancellationToken cancellation)
    {
        if (policy?.For(reference) is not { } scope)
        {
            return;
        }

        var distinct = digests.ToHashSet();
        var signatures = new Dictionary<Digest, IReadOnlyList<ImageSignature>>();
        foreach (var digest in scope.NeedsSignatures ? distinct : [])
        {
            signatures.Add(digest, await SignatureFetcher.FetchAsync(repository, digest, cancellation));
        }

        Require(scope, reference, distinct, [.. signatures.Values.SelectMany(s => s)]);
        foreach (var (digest, found) in signatures)
        {
            store.Write(reference.WithDigest(digest), found);
        }
    }

    /// <summary>An archive has no signatures: only a policy that needs none for its name accepts it.</summary>
    /// <exception cref="SignatureException">The policy refuses the image.</exception>
    public void RequireForImport(ImageReference reference)
    {
        if (policy?.For(reference) is { } scope)
        {
            Require(scope, reference, [], []);
        }
    }

    /// <summary>
    /// Asks again before a container is made: by the name that the user gave, else by the image's own names, of which one must be accepted.
    /// </summary>
    /// <exception cref="CriException">The policy refuses the image.</exception>
    public void RequireForContainer(Image image, string? userSpecified)
    {
        if (policy is null)
        {
            return;
        }

        var names = NamesOf(image, userSpecified).ToList();
        SignatureException? refusal = null;
        foreach (var name in names)
        {
            try
            {
                RequireStored(image, name);
                return;
            }
            catch (SignatureException e)
            {
                refusal ??= e;
            }
        }

        throw new CriException(
            CriErrorKind.Unknown, $"{SignatureException.KubeletPrefix}failed to use image \"{image.DisplayName}\": {refusal?.Message ?? "it has no name"}", refusal);
    }

    /// <summary>Names under which signatures of these images may be kept.</summary>
    public static IEnumerable<string> StoredNames(IEnumerable<Image> images) => images.SelectMany(image => image.RepoDigests
        .Select(ImageReference.Parse)
        .SelectMany(name => new[] { name.StoredName, name.WithDigest(image.ManifestDigest) }));

    private void RequireStored(Image image, ImageReference name)
    {
        var scope = policy!.For(name);
        var digests = image.RepoDigests.Select(ImageReference.Parse).Where(r => r.Name == name.Name).Select(r => r.Digest!.Value)
            .Append(image.ManifestDigest).ToHashSet();
        Require(scope, name, digests, scope.NeedsSignatures ? [.. digests.SelectMany(digest => store.Read(name.WithDigest(digest)))] : []);
    }

    private static IEnumerable<ImageReference> NamesOf(Image image, string? userSpecified)
    {
        if (!string.IsNullOrEmpty(userSpecified) && ImageReference.TryParse(userSpecified, out var asked)
            && (image.RepoTags.Contains(asked.StoredName) || image.RepoDigests.Contains(asked.StoredName)))
        {
            return [asked];
        }

        return image.RepoTags.Concat(image.RepoDigests).Select(ImageReference.Parse);
    }

    private void Require(PolicyScope scope, ImageReference reference, IReadOnlyCollection<Digest> digests, IReadOnlyList<ImageSignature> signatures)
    {
        try
        {
            foreach (var requirement in scope.Requirements)
            {
                requirement.Check(SignedName.Of(reference), digests, signatures);
            }
        }
        catch (SignatureException e)
        {
            throw new SignatureException($"refused by {policy!.Path} at {scope.Place}: {e.Message}", e);
        }
    }
}
