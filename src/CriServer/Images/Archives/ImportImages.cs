using CriShim.Api.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Images.Registry;
using CriShim.CriServer.Images.Signatures;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Archives;

/// <summary>
/// Adds the images of an archive: verified, limited and unpacked as those of a registry are. Steps: 1 open the archive and find its images,
/// 2 their names, and what the signature policy says of them, 3 for each image its manifest, config and the layers that are missing,
/// 4 publish.
/// </summary>
internal sealed class ImportImages(
    ImageStore store, LayerStore layers, MissingLayers missing, LayerSync sync, FolderRemoval removal, SignatureCheck signatures, ImageOptions options)
{
    /// <param name="send">Takes one event after the other.</param>
    public async Task ExecuteAsync(ImportRequest request, Func<ImportEvent, Task> send, CancellationToken cancellation)
    {
        try
        {
            await ImportAsync(request, send, cancellation);
        }
        catch (Exception e) when (e is CriException or ContentException or SignatureException or RegistryException or IOException or UnauthorizedAccessException)
        {
            var kind = e is CriException known ? known.Kind : FreeSpace.IsExhausted(e) ? CriErrorKind.ResourceExhausted : CriErrorKind.Unknown;
            var prefix = e is SignatureException ? SignatureException.KubeletPrefix : "";
            throw new CriException(kind, $"{prefix}failed to import \"{request.Path}\": {e.Message}", e);
        }
    }

    private async Task ImportAsync(ImportRequest request, Func<ImportEvent, Task> send, CancellationToken cancellation)
    {
        if (!Path.IsPathFullyQualified(request.Path))
        {
            throw CriException.InvalidArgument("it is not an absolute path");
        }

        // 1
        using var files = ArchiveOpener.Open(request.Path, layers.FolderPath, options.MaxLayerBytes);
        var archive = await ArchiveReader.ReadAsync(files, cancellation);
        if (archive.Images.Count == 0)
        {
            throw new ContentException("it has no image");
        }

        // 2
        var named = archive.Images.Select(image => (Image: image, Names: ArchiveNames.Choose(image.Names, request.Name))).ToList();
        if (named.SelectMany(n => n.Names).GroupBy(name => name.StoredName).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw CriException.InvalidArgument($"several of its images would have the name \"{twice.Key}\"");
        }

        foreach (var (image, name) in named.SelectMany(n => n.Names, (n, name) => (n.Image, name)))
        {
            signatures.RequireForImport(name);
            CheckDigest(image, name);
        }

        foreach (var (image, names) in named)
        {
            var added = await AddAsync(archive, image, names, cancellation);
            var message = new ImportEvent { ImageId = added.Id };
            message.Names.AddRange(names.Select(name => name.StoredName));
            await send(message);
        }
    }

    private async Task<Image> AddAsync(ImageArchive archive, ArchivedImage image, IReadOnlyList<ImageReference> names, CancellationToken cancellation)
    {
        // 3
        var resolver = new ManifestResolver(PlatformOrder.OfThisMachine, descriptor => archive.ReadManifestAsync(descriptor, cancellation));
        var (digest, manifest, documents) = await resolver.ResolveAsync(image.Target);
        var config = await archive.FetchBlobAsync(manifest.Config, ingest => ingest.ReadAllAsync(), cancellation);
        var wanted = ImageDescription.Read(digest, manifest, config).Layers;
        var held = wanted.Select(layer => layer.Id).ToList();
        layers.Hold(held);
        try
        {
            await missing.FetchAsync(wanted, archive, _ => { }, cancellation);

            // 4
            var added = store.Add(
                [.. names.SelectMany(name => StoredNames(name, image, digest))],
                new Dictionary<Digest, byte[]>(documents) { [manifest.Config.Digest] = config });
            sync.Request();
            return added;
        }
        finally
        {
            removal.Request(layers.Release(held));
        }
    }

    /// <summary>A name with a digest promises that content.</summary>
    private static void CheckDigest(ArchivedImage image, ImageReference name)
    {
        if (name.Digest is { } promised && promised != image.Target.Descriptor.Digest)
        {
            throw new ContentException($"\"{name}\" is not what the archive has under this name");
        }
    }

    /// <summary>As a pull names them; but a manifest that was made up here has no place in a repository.</summary>
    private static IEnumerable<StoredImage> StoredNames(ImageReference name, ArchivedImage image, Digest manifest)
    {
        var target = image.Target.Descriptor;
        yield return new StoredImage(name.StoredName, target, manifest);
        if (image.IsOriginal && name.Digest is null)
        {
            yield return new StoredImage(name.WithDigest(target.Digest), target, manifest);
        }
    }
}
