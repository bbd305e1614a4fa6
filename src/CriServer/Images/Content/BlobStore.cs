using System.Collections.Concurrent;
using CriShim.Linux;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Images.Content;

/// <summary>
/// Indexes, manifests and configs by digest in an OCI image layout (image-layout.md): <c>FOLDER/blobs/sha256/HEX</c>. Layers are kept
/// unpacked only; from the manifest they can be fetched again.
/// </summary>
internal sealed class BlobStore(string folder)
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string LayoutFile = "oci-layout";
    private const int DiskBlock = 4096;

    private readonly ConcurrentDictionary<Digest, long> _sizes = [];

    /// <summary>What the blobs take, in whole blocks.</summary>
    public DiskUsage Usage => DiskUsage.Sum(_sizes.Values.Select(s => new DiskUsage((s + DiskBlock - 1) / DiskBlock * DiskBlock, 1)));

    /// <summary>Makes the layout's folders and its marker file, and removes what a killed write left beside it.</summary>
    public void Initialize()
    {
        Directory.CreateDirectory(Path.Combine(folder, "blobs", Digest.Sha256), FolderMode);
        Directory.CreateDirectory(Path.Combine(folder, "blobs", Digest.Sha512), FolderMode);
        AtomicFile.RemoveLeftovers(folder);
        var layout = Path.Combine(folder, LayoutFile);
        if (!File.Exists(layout))
        {
            AtomicFile.Write(layout, """{"imageLayoutVersion":"1.0.0"}"""u8);
        }
    }

    public void Write(Digest digest, ReadOnlySpan<byte> bytes)
    {
        if (Read(digest, bytes.Length) is null)
        {
            // Not waited for: what a power cut tears no longer has its digest, and Read finds that.
            AtomicFile.Write(PathOf(digest), bytes, durable: false);
        }

        _sizes[digest] = bytes.Length;
    }

    /// <summary>The blob, verified; null when it is not there or no longer has its digest.</summary>
    public byte[]? Read(Digest digest, int maxBytes)
    {
        var file = new FileInfo(PathOf(digest));
        if (!file.Exists || file.Length > maxBytes)
        {
            return null;
        }

        var bytes = File.ReadAllBytes(file.FullName);
        return BlobIngest.DigestOf(bytes, digest) == digest ? bytes : null;
    }

    /// <summary>Removes all blobs but those of <paramref name="keep"/>, and what a killed write left.</summary>
    public void RemoveExcept(IReadOnlySet<Digest> keep)
    {
        foreach (var algorithm in new[] { Digest.Sha256, Digest.Sha512 })
        {
            foreach (var path in Directory.EnumerateFiles(Path.Combine(folder, "blobs", algorithm)))
            {
                if (!Digest.TryParse($"{algorithm}:{Path.GetFileName(path)}", out var digest) || !keep.Contains(digest))
                {
                    File.Delete(path);
                }
                else
                {
                    _sizes[digest] = new FileInfo(path).Length;
                }
            }
        }
    }

    public void Remove(Digest digest)
    {
        File.Delete(PathOf(digest));
        _sizes.TryRemove(digest, out _);
    }

    private string PathOf(Digest digest) => Path.Combine(folder, "blobs", digest.Algorithm, digest.Hex);
}
