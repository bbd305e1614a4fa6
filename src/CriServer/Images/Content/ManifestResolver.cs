using CriShim.CriServer.Images.Registry;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>The manifest that a name led to on this machine.</summary>
/// <param name="Documents">The manifest and the indexes that lead to it.</param>
internal sealed record ResolvedManifest(Digest Digest, ImageManifest Manifest, IReadOnlyDictionary<Digest, byte[]> Documents);

/// <summary>
/// From what a name stands for to the manifest for this machine: through indexes, nested ones too. An index that leads nowhere is left for
/// the next candidate beside it.
/// </summary>
/// <param name="fetch">Gives a manifest that an index lists, of the digest and size that stand there.</param>
internal sealed class ManifestResolver(PlatformOrder order, Func<Descriptor, Task<FetchedManifest>> fetch)
{
    private int _fetched;

    /// <exception cref="ContentException">Nothing fits, or a document is not what it should be.</exception>
    public async Task<ResolvedManifest> ResolveAsync(FetchedManifest target)
    {
        var document = ManifestReader.Read(target.Bytes, target.Descriptor.MediaType);
        return await ResolveAsync(target, document, 1) ?? throw ManifestSelector.NothingFits(document.Index!, order);
    }

    private async Task<ResolvedManifest?> ResolveAsync(FetchedManifest fetched, ManifestDocument document, int depth)
    {
        if (document.Manifest is { } manifest)
        {
            return new ResolvedManifest(
                fetched.Descriptor.Digest, manifest, new Dictionary<Digest, byte[]> { [fetched.Descriptor.Digest] = fetched.Bytes });
        }

        if (depth > ContentLimits.MaxIndexDepth)
        {
            throw new ContentException($"more than {ContentLimits.MaxIndexDepth} indexes within each other");
        }

        foreach (var candidate in ManifestSelector.Candidates(document.Index!, order))
        {
            var next = await FetchAsync(candidate);
            if (await ResolveAsync(next, ManifestReader.Read(next.Bytes, next.Descriptor.MediaType), depth + 1) is { } found)
            {
                return found with
                {
                    Documents = new Dictionary<Digest, byte[]>(found.Documents) { [fetched.Descriptor.Digest] = fetched.Bytes },
                };
            }
        }

        return null;
    }

    private Task<FetchedManifest> FetchAsync(Descriptor candidate) => ++_fetched <= ContentLimits.MaxManifestFetches
        ? fetch(candidate)
        : throw new ContentException($"no manifest for {order.Name} among the first {ContentLimits.MaxManifestFetches} of its indexes");
}
