using System.Security.Cryptography;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Images.Registry;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Archives;

/// <summary>
/// Reads what <c>docker save</c> writes (docker, image/spec v1.2): <c>manifest.json</c> lists configs and layers by path. Such an archive
/// has no manifests; they are made up here, the same ones for the same archive.
/// </summary>
internal sealed class DockerArchiveReader
{
    private readonly IArchiveFiles _files;
    private readonly Dictionary<Digest, string> _paths = [];

    private DockerArchiveReader(IArchiveFiles files) => _files = files;

    /// <exception cref="ContentException">A file is missing or malformed.</exception>
    public static ImageArchive Read(IArchiveFiles files, byte[] manifest)
    {
        var entries = ArchiveReader.Parse(manifest, DockerArchiveJsonContext.Default.ListDockerArchiveEntry, DockerArchiveWriter.ManifestPath);
        ArchiveReader.CheckCount(entries.Count);
        var reader = new DockerArchiveReader(files);
        var images = entries.ConvertAll(reader.ReadImage);
        return new ImageArchive(files, images, digest => reader._paths.TryGetValue(digest, out var path) ? [path] : []);
    }

    private ArchivedImage ReadImage(DockerArchiveEntry entry)
    {
        var configPath = TarIndex.Normalize(entry.Config);
        var bytes = ArchiveReader.ReadSmall(_files, configPath, ContentLimits.MaxConfigBytes) ?? throw Missing(entry.Config);
        var config = BlobIngest.DigestOf(bytes);
        _paths[config] = configPath;
        var diffIds = ManifestReader.ReadConfig(bytes).RootFs.DiffIds ?? [];
        if (diffIds.Count != entry.Layers.Count)
        {
            throw new ContentException($"\"{DockerArchiveWriter.ManifestPath}\" lists {entry.Layers.Count} layers, the config {diffIds.Count}");
        }

        var manifest = ArchiveManifest.Make(config, bytes.Length, [.. entry.Layers.Zip(diffIds, DescribeLayer)]);
        var descriptor = new Descriptor { MediaType = MediaTypes.OciManifest, Digest = BlobIngest.DigestOf(manifest), Size = manifest.Length };
        return new ArchivedImage(new FetchedManifest(descriptor, manifest), entry.RepoTags ?? [], IsOriginal: false);
    }

    /// <summary>A plain layer's digest is its diff id, which unpacking verifies; a compressed one is hashed.</summary>
    private Descriptor DescribeLayer(string layer, Digest diffId)
    {
        var path = TarIndex.Normalize(layer);
        using var stream = _files.Open(path) ?? throw Missing(layer);
        var length = stream.Length;
        var source = new SourceStream(new StreamSource(stream));
        using var plain = LayerCompression.Open(source);
        var digest = ReferenceEquals(plain, source) ? diffId : HashOf(path);
        _paths[digest] = path;
        return new Descriptor
        {
            MediaType = ReferenceEquals(plain, source) ? MediaTypes.OciLayer : MediaTypes.OciLayerGzip, // the bytes decide when it is unpacked
            Digest = digest,
            Size = length,
        };
    }

    private Digest HashOf(string path)
    {
        using var stream = _files.Open(path)!;
        return Digest.FromHash(SHA256.HashData(stream));
    }

    private static ContentException Missing(string path) => new($"\"{path}\" is not in the archive");
}
