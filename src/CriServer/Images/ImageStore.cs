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
    private readonly ImageReader _reader = new(blobs, layers);
    private readonly PinnedNames _pinned = new(options.PinnedImages);
    private volatile ImageCatalog _catalog = ImageCatalog.Empty;
    private IReadOnlyList<Entry> _entries = [];

    /// <summary>A name and what it leads to.</summary>
    private sealed record Entry(StoredImage Stored, ImageContent Content)
    {
        public string Name => Stored.Name;

        public bool IsDigest => Name.Contains('@', StringComparison.Ordinal);
    }

    /// <summary>By id, name or unique start of an id; null when there is none.</summary>
    /// <exception cref="CriException">InvalidArgument: neither name nor id, or the start of several ids.</exception>
    public Image? Find(string reference) => _catalog.Find(reference);

    public IReadOnlyList<Image> List() => _catalog.Images;

    /// <summary>An index, a manifest or a config that some image here has; null: none has it whole.</summary>
    public byte[]? FindDocument(Descriptor descriptor) =>
        blobs.Read(descriptor.Digest, ContentLimits.MaxConfigBytes) is { } bytes && bytes.Length == descriptor.Size ? bytes : null;

    /// <summary>Reads the index; names whose blobs or layers are gone or damaged are forgotten, with a log line.</summary>
    public void Load()
    {
        lock (_gate)
        {
            blobs.Initialize();
            var stored = ReadIndex();
            _entries = [.. stored.Select(TryRead).OfType<Entry>()];
            Publish();
            if (_entries.Count != stored.Count)
            {
                indexFile.Write(_entries.Select(e => e.Stored));
            }

            blobs.RemoveExcept(UsedBlobs());
            layers.Hold(UsedLayers());
        }
    }

    /// <summary>Adds names of an image, all of whose layers are there; a name that stood for another image moves.</summary>
    /// <param name="documents">Indexes, manifest and config.</param>
    /// <exception cref="ContentException">The image is not whole.</exception>
    public Image Add(IReadOnlyList<StoredImage> names, IReadOnlyDictionary<Digest, byte[]> documents)
    {
        lock (_gate)
        {
            foreach (var (digest, bytes) in documents)
            {
                blobs.Write(digest, bytes);
            }

            try
            {
                var added = names.Select(n => new Entry(n, _reader.Read(n))).ToList();
                Replace([.. _entries.Where(e => names.All(n => n.Name != e.Name)), .. added]);
                return Find(names[0].Name)!;
            }
            finally
            {
                RemoveUnused(documents.Keys);
            }
        }
    }

    /// <summary>Removes the image with all its names. When it returns no reader sees it; its layers go behind the caller's back.</summary>
    public void Remove(Image image) => Keep(entry => entry.Content.Image.Digest != image.Digest);

    /// <summary>Forgets images of which a layer was found missing while the server ran, so that the next pull makes it again.</summary>
    public void ForgetBroken() => Keep(entry => TryRead(entry.Stored) is not null);

    private void Keep(Func<Entry, bool> condition)
    {
        lock (_gate)
        {
            var kept = _entries.Where(condition).ToList();
            if (kept.Count != _entries.Count)
            {
                Replace(kept);
            }
        }
    }

    private void Replace(IReadOnlyList<Entry> entries)
    {
        indexFile.Write(entries.Select(e => e.Stored));
        var (layersBefore, blobsBefore) = (UsedLayers(), UsedBlobs());
        _entries = entries;
        Publish();
        layers.Hold(UsedLayers());
        removal.Request(layers.Release(layersBefore));
        RemoveUnused(blobsBefore);
    }

    private void RemoveUnused(IEnumerable<Digest> digests)
    {
        var used = UsedBlobs();
        foreach (var digest in digests.Where(d => !used.Contains(d)))
        {
            blobs.Remove(digest);
        }
    }

    private HashSet<Digest> UsedBlobs() => [.. _entries.SelectMany(e => e.Content.Blobs)];

    /// <summary>Once per image that has it.</summary>
    private List<Digest> UsedLayers() => [.. List().SelectMany(i => i.DiffIds)];

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

    private Entry? TryRead(StoredImage stored)
    {
        try
        {
            return new Entry(stored, _reader.Read(stored));
        }
        catch (Exception e) when (e is ContentException or IOException)
        {
            ImageLog.Forgotten(log, stored.Name, e.Message);
            return null;
        }
    }

    /// <summary>Two manifests can have the same config, as when one registry compresses otherwise: one image.</summary>
    private void Publish() => _catalog = new ImageCatalog(_entries.GroupBy(e => e.Content.Image.Digest).Select(ToImage));

    private Image ToImage(IEnumerable<Entry> entries)
    {
        var names = entries.OrderBy(e => e.Name, StringComparer.Ordinal).ToList();
        return names[0].Content.Image with
        {
            RepoTags = [.. names.Where(e => !e.IsDigest).Select(e => e.Name)],
            RepoDigests = [.. names.Where(e => e.IsDigest).Select(e => e.Name)],
            Pinned = names.Exists(e => _pinned.Contains(e.Name)),
        };
    }
}
