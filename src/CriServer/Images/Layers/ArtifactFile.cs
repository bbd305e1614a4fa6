using CriShim.CriServer.Images.Content;
using CriShim.Linux;
using CriShim.Oci.ImageSpec;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Layers;

/// <summary>A layer that is one file: the blob of an artifact as it is.</summary>
internal static class ArtifactFile
{
    private const int DiskBlock = 4096;
    private const uint FileMode = 0x1A4; // 0644
    private const uint FolderMode = 0x1ED; // 0755
    private const int BufferBytes = 256 << 10;

    /// <param name="folder">Of the layer, empty.</param>
    /// <param name="name">Relative path without <c>.</c> and <c>..</c>.</param>
    /// <exception cref="ContentException">Larger than a layer may be, or not what its descriptor says.</exception>
    public static async Task<LayerUsage> WriteAsync(BlobIngest blob, Descriptor descriptor, string folder, string name, long maxBytes)
    {
        if (descriptor.Size > maxBytes)
        {
            throw new ContentException($"layer {descriptor.Digest} has {descriptor.Size} bytes; the limit is {maxBytes}");
        }

        using var file = Create(folder, name);
        var buffer = new byte[BufferBytes];
        while (await blob.ReadAsync(buffer) is var count and > 0)
        {
            Fd.WriteAll(file, buffer.AsSpan(0, count), name);
        }

        Check.Result(fchmod(file, FileMode), "fchmod", name); // the umask is not the artifact's
        var folders = name.Count(c => c == '/') + 1;
        var blocks = (descriptor.Size + DiskBlock - 1) / DiskBlock;
        return new LayerUsage((blocks + folders) * DiskBlock, folders + 1);
    }

    private static SafeFileHandle Create(string folder, string name)
    {
        var parts = name.Split('/');
        foreach (var part in parts[..^1])
        {
            folder = Path.Combine(folder, part);
            Directory.CreateDirectory(folder, (UnixFileMode)FolderMode);
            File.SetUnixFileMode(folder, (UnixFileMode)FolderMode);
        }

        return Fd.Open(Path.Combine(folder, parts[^1]), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FileMode);
    }
}
