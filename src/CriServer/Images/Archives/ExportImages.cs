using System.Text;
using CriShim.Api.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Archives;

/// <summary>
/// Writes images as an archive. Layers lie unpacked on the node and are packed anew: every file is the same, but the bytes of the archive,
/// and so the diff ids and the image's id, need not be. Steps: 1 find the images and hold their layers, 2 pack each layer once, 3 configs,
/// manifests and index, 4 let it appear under its name.
/// </summary>
internal sealed class ExportImages(ImageStore store, BlobStore blobs, LayerStore layers, FolderRemoval removal)
{
    /// <param name="send">Takes one event after the other.</param>
    public async Task ExecuteAsync(ExportRequest request, Func<ExportEvent, Task> send, CancellationToken cancellation)
    {
        try
        {
            // On a thread of its own: it is all disk and compression.
            var events = await Task.Factory.StartNew(
                () => Export(request, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            foreach (var message in events)
            {
                await send(message);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ContentException)
        {
            throw new CriException(CriErrorKind.Unknown, $"failed to export to \"{request.Path}\": {e.Message}", e);
        }
    }

    private List<ExportEvent> Export(ExportRequest request, CancellationToken cancellation)
    {
        if (!Path.IsPathFullyQualified(request.Path))
        {
            throw CriException.InvalidArgument($"\"{request.Path}\" is not an absolute path");
        }

        // 1
        var wanted = request.References.Select(name => (Name: name, Image: Find(name))).ToList();
        var held = wanted.SelectMany(w => w.Image.DiffIds).ToList();
        layers.Hold(held);
        try
        {
            using IArchiveTarget target = request.Folder ? new FolderTarget(request.Path) : new TarTarget(request.Path);

            // 2
            var packed = PackLayers(held.Distinct(), request, target, cancellation);

            // 3
            var images = wanted.GroupBy(w => w.Image.Digest).Select(same => ToExported(same.First().Image, same.Select(w => w.Name), packed)).ToList();
            if (request.Format == ArchiveFormat.Docker)
            {
                DockerArchiveWriter.Finish(target, images);
            }
            else
            {
                OciLayoutWriter.Finish(target, images);
            }

            // 4
            var bytes = target.Complete();
            return [.. wanted.Select(w => w.Image.Id).Distinct().Zip(images, (id, image) =>
                new ExportEvent { ImageId = id, ExportedId = image.ConfigDigest.ToString(), Bytes = bytes })];
        }
        finally
        {
            removal.Request(layers.Release(held));
        }
    }

    private Image Find(string name)
    {
        var image = store.Find(name) ?? throw CriException.NotFound("image", name);
        return image.ArtifactType is null
            ? image
            : throw new CriException(CriErrorKind.FailedPrecondition, $"\"{name}\" is an artifact of type \"{image.ArtifactType}\", not an image");
    }

    /// <returns>By the diff id on this node: what the archive has.</returns>
    private Dictionary<Digest, (Descriptor Blob, Digest DiffId)> PackLayers(
        IEnumerable<Digest> diffIds, ExportRequest request, IArchiveTarget target, CancellationToken cancellation)
    {
        var isDocker = request.Format == ArchiveFormat.Docker;
        var written = new HashSet<Digest>();
        var packed = new Dictionary<Digest, (Descriptor Blob, Digest DiffId)>();
        foreach (var diffId in diffIds)
        {
            cancellation.ThrowIfCancellationRequested();
            using var layer = PackedLayer.Make(
                layers.ContentsOf(diffId), ImpliedFoldersOf(diffId), compress: !isDocker && !request.Uncompressed, Path.GetDirectoryName(request.Path)!);
            packed.Add(diffId, (layer.Descriptor, layer.DiffId));
            if (written.Add(layer.Descriptor.Digest))
            {
                target.Add(isDocker ? DockerArchiveWriter.PathOf(layer.Descriptor.Digest) : OciLayoutWriter.PathOf(layer.Descriptor.Digest), layer.Blob);
            }
        }

        return packed;
    }

    private Func<byte[], bool> ImpliedFoldersOf(Digest diffId)
    {
        // Latin-1 keeps every byte.
        var implied = layers.ImpliedFoldersOf(diffId).Select(Encoding.Latin1.GetString).ToHashSet(StringComparer.Ordinal);
        return path => implied.Contains(Encoding.Latin1.GetString(path));
    }

    private ExportedImage ToExported(Image image, IEnumerable<string> askedAs, Dictionary<Digest, (Descriptor Blob, Digest DiffId)> packed)
    {
        var config = blobs.Read(image.Digest, ContentLimits.MaxConfigBytes) ?? throw new ContentException($"config {image.Digest} is missing or damaged");
        config = ImageConfigRewrite.WithDiffIds(config, image.DiffIds, [.. image.DiffIds.Select(d => packed[d].DiffId)]);
        return new ExportedImage(
            NamesOf(image, askedAs), BlobIngest.DigestOf(config), config, [.. image.DiffIds.Select(d => packed[d].Blob)]);
    }

    /// <summary>The tags that were asked for; all of them where the image was asked for by id or digest.</summary>
    private static List<string> NamesOf(Image image, IEnumerable<string> askedAs)
    {
        var tags = askedAs.Select(name => ImageReference.TryParse(name, out var r) && image.RepoTags.Contains(r.StoredName) ? r.StoredName : null).ToList();
        return tags.Contains(null) ? [.. image.RepoTags] : [.. tags.OfType<string>().Distinct()];
    }
}
