using System.Text.Json;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.Oci.ImageSpec;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Images;

/// <summary>
/// The images of this node. Readers see an immutable catalog; changes are made under one lock, on disk first. The store holds the layers
/// of its images.
/// </summary>
internal sealed class ImageStore(
    BlobStore blobs, ImageIndexFile indexFile, LayerStore layers, FolderRemoval removal, ImageOptions options, TimeProvider time, ILogger<ImageStore> log)
{
    private readonly Lock _gate = new();
    private volatile ImageCatalog _catalog = ImageCatalog.Empty;
    private IReadOnlyList<StoredImage> _stored = [];

    /// <summary>By id, name or unique start of an id; null when there is none.</summary>
    /// <exception cref="CriException">InvalidArgument: neither name nor id, or the start of several ids.</exception>
    public Image? Find(string reference) => _catalog.Find(reference);

    public IReadOnlyList<Image> List() => _catalog.Images;

    /// <summary>Reads the index; images whose blobs or layers are gone are forgotten, with a log line.</summary>
    public void Load()
    {
        lock (_gate)
        {
            blobs.Initialize();
            var stored = ReadIndex();
            var whole = stored.Where(IsWhole).ToList();
            _stored = whole;
            Publish(whole);
            if (whole.Count != stored.Count)
            {
                indexFile.Write(whole);
            }

            blobs.RemoveExcept(BlobsOf(whole));
            layers.Hold(List().SelectMany(i => i.DiffIds));
        }
    }

    /// <summary>Adds names of an image, all of whose layers are there; a name that stood for another image moves.</summary>
    /// <param name="documents">Index, manifest and config.</param>
    public Image Add(IReadOnlyList<StoredImage> names, IReadOnlyDictionary<Digest, byte[]> documents)
    {
        lock (_gate)
        {
            foreach (var (digest, bytes) in documents)
            {
                blobs.Write(digest, bytes);
            }

            Replace([.. _stored.Where(s => names.All(n => n.Name != s.Name)), .. names]);
            return Find(names[0].Name)!;
        }
    }

    /// <summary>Removes the image with all its names. When it returns no reader sees it; its layers go behind the caller's back.</summary>
    public void Remove(Image image)
    {
        lock (_gate)
        {
            var names = image.RepoTags.Concat(image.RepoDigests).ToHashSet(StringComparer.Ordinal);
            Replace([.. _stored.Where(s => !names.Contains(s.Name))]);
        }
    }

    private void Replace(IReadOnlyList<StoredImage> stored)
    {
        var before = List();
        indexFile.Write(stored);
        var unused = BlobsOf(_stored);
        _stored = stored;
        Publish(stored);
        layers.Hold(List().SelectMany(i => i.DiffIds));
        removal.Request(layers.Release(before.SelectMany(i => i.DiffIds)));
        unused.ExceptWith(BlobsOf(stored));
        foreach (var digest in unused)
        {
            blobs.Remove(digest);
        }
    }

    private IReadOnlyList<StoredImage> ReadIndex()
    {
        try
        {
            return indexFile.Read();
        }
        catch (JsonException e)
        {
            ImageLog.IndexQuarantined(log, indexFile.Quarantine(time.GetUtcNow()), e.Message);
            return [];
        }
    }

    private bool IsWhole(StoredImage stored)
    {
        try
        {
            var missing = ReadImage(stored).DiffIds.Where(d => layers.Find(d) is null).ToList();
            if (missing.Count == 0)
            {
                return true;
            }

            ImageLog.Forgotten(log, stored.Name, $"{missing.Count} layers are missing");
        }
        catch (Exception e) when (e is ContentException or IOException)
        {
            ImageLog.Forgotten(log, stored.Name, e.Message);
        }

        return false;
    }

    private void Publish(IReadOnlyList<StoredImage> stored)
    {
        var images = stored.GroupBy(s => s.Manifest).Select(g => ReadImage(g.First()) with { RepoTags = Tags(g), RepoDigests = Digests(g) });
        _catalog = new ImageCatalog([.. images.GroupBy(i => i.Digest).Select(Merge)]);
    }

    /// <summary>Two manifests can have the same config, as when one registry compresses otherwise: one image.</summary>
    private Image Merge(IEnumerable<Image> same)
    {
        var all = same.ToList();
        var tags = all.SelectMany(i => i.RepoTags).Order(StringComparer.Ordinal).ToList();
        return all[0] with
        {
            RepoTags = tags,
            RepoDigests = [.. all.SelectMany(i => i.RepoDigests).Order(StringComparer.Ordinal)],
            Pinned = tags.Exists(IsPinned),
        };
    }

    private Image ReadImage(StoredImage stored)
    {
        if (List().FirstOrDefault(i => i.ManifestDigest == stored.Manifest) is { } known)
        {
            return known;
        }

        var bytes = blobs.Read(stored.Manifest, ContentLimits.MaxManifestBytes) ?? throw new ContentException("manifest is missing or damaged");
        var manifest = ManifestReader.Read(bytes, null).Manifest ?? throw new ContentException("manifest is an index");
        var configBytes = blobs.Read(manifest.Config.Digest, ContentLimits.MaxConfigBytes) ?? throw new ContentException("config is missing or damaged");
        var config = ManifestReader.ReadConfig(configBytes);
        var diffIds = config.RootFs.DiffIds ?? [];
        return new Image
        {
            Digest = manifest.Config.Digest,
            RepoTags = [],
            RepoDigests = [],
            SizeBytes = bytes.Length + configBytes.Length + diffIds.Sum(d => layers.Find(d)?.Bytes ?? 0),
            Config = config,
            ManifestDigest = stored.Manifest,
            DiffIds = diffIds,
            User = ImageUser.Parse(config.Config?.User),
            Pinned = false,
        };
    }

    private HashSet<Digest> BlobsOf(IEnumerable<StoredImage> stored) =>
        [.. stored.SelectMany(s => new[] { s.Target.Digest, s.Manifest }), .. List().Select(i => i.Digest)];

    private bool IsPinned(string name) => options.PinnedImages.Any(pattern => pattern.EndsWith('*')
        ? name.StartsWith(pattern[..^1], StringComparison.Ordinal)
        : ImageReference.TryParse(pattern, out var reference) && reference.StoredName == name);

    private static List<string> Tags(IEnumerable<StoredImage> names) => [.. names.Select(n => n.Name).Where(n => !n.Contains('@', StringComparison.Ordinal))];

    private static List<string> Digests(IEnumerable<StoredImage> names) => [.. names.Select(n => n.Name).Where(n => n.Contains('@', StringComparison.Ordinal))];
}
