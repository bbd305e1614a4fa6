using System.Text;
using System.Text.Json;
using CriShim.CriServer.Images.Archives;
using CriShim.CriServer.Images.Layers;
using CriShim.Oci;

namespace CriShim.CriServer.Containers.Dumps;

/// <summary>
/// The archive of a checkpoint, with the names that CRI-O and containerd give its parts and checkpointctl looks for:
/// <code>
/// config.dump      which container it was
/// spec.dump        its config.json
/// bind.mounts      its volumes
/// checkpoint/…     criu's images: processes, memory, files, sockets
/// dump.log         criu's log
/// stats-dump       how long each of its steps took
/// rootfs-diff.tar  what the container wrote to its root, as an image's layer
/// </code>
/// </summary>
internal static class DumpArchive
{
    public const string RootDiffFile = "rootfs-diff.tar";

    private const string ConfigFile = "config.dump";
    private const string SpecFile = "spec.dump";
    private const string VolumesFile = "bind.mounts";
    private const string ImagesFolder = "checkpoint/";
    private const uint FileMode = 0x180; // 0600
    private const uint FolderMode = 0x1C0; // 0700
    private const int BufferBytes = 1 << 20;

    private static readonly string[] s_besideImages = ["dump.log", "stats-dump", RootDiffFile];

    /// <summary>Mode 0600: it holds the container's memory. It appears whole, in place of a file that has the name.</summary>
    /// <param name="spec">The container's config.json.</param>
    /// <exception cref="IOException">It cannot be written; nothing is left.</exception>
    public static void Write(DumpFolder folder, DumpRecord record, byte[] spec, string location, CancellationToken cancellationToken)
    {
        var partial = Path.Combine(Path.GetDirectoryName(location)!, $".{Guid.NewGuid():N}.partial");
        try
        {
            using (var file = PrivateFile.Create(partial))
            {
                using var stoppable = new StoppableWriter(file, cancellationToken);
                using var buffered = new BufferedStream(stoppable, BufferBytes);
                Write(new TarOutput(buffered), folder, record, spec);
                buffered.Flush();
                file.Flush(flushToDisk: true);
            }

            cancellationToken.ThrowIfCancellationRequested();
            File.Move(partial, location, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private static void Write(TarOutput tar, DumpFolder folder, DumpRecord record, byte[] spec)
    {
        Add(tar, ConfigFile, JsonSerializer.SerializeToUtf8Bytes(record, DumpJsonContext.Default.DumpRecord));
        Add(tar, SpecFile, spec);
        Add(tar, VolumesFile, JsonSerializer.SerializeToUtf8Bytes(VolumesOf(spec), DumpJsonContext.Default.IReadOnlyListDumpVolume));
        tar.Begin(new TarEntry { Type = TarEntryType.Folder, Path = Encoding.UTF8.GetBytes(ImagesFolder), Mode = FolderMode });
        foreach (var path in Directory.EnumerateFiles(folder.Images).Order(StringComparer.Ordinal))
        {
            Copy(tar, ImagesFolder + Path.GetFileName(path), path);
        }

        foreach (var name in s_besideImages.Where(name => File.Exists(Path.Combine(folder.Path, name))))
        {
            Copy(tar, name, Path.Combine(folder.Path, name));
        }

        tar.Finish();
    }

    private static void Add(TarOutput tar, string name, byte[] bytes)
    {
        Begin(tar, name, bytes.Length);
        tar.Write(bytes);
        tar.EndFile();
    }

    private static void Copy(TarOutput tar, string name, string path)
    {
        using var file = new FileStream(path, System.IO.FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var left = file.Length;
        Begin(tar, name, left);
        var buffer = new byte[(int)Math.Min(Math.Max(left, 1), BufferBytes)];
        while (left > 0)
        {
            var count = file.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            tar.Write(buffer.AsSpan(0, count));
            left -= count > 0 ? count : throw new IOException($"\"{path}\" became shorter while it was read");
        }

        tar.EndFile();
    }

    private static void Begin(TarOutput tar, string name, long size) =>
        tar.Begin(new TarEntry { Type = TarEntryType.File, Path = Encoding.UTF8.GetBytes(name), Size = size, Mode = FileMode });

    private static IReadOnlyList<DumpVolume> VolumesOf(byte[] spec)
    {
        var mounts = JsonSerializer.Deserialize(spec, OciJsonContext.Default.Spec)?.Mounts ?? [];
        return
        [
            .. mounts.Where(mount => mount.Type == "bind" && Path.Exists(mount.Source)).Select(mount => new DumpVolume(
                mount.Source!, mount.Destination, Directory.Exists(mount.Source) ? "directory" : "file", (uint)File.GetUnixFileMode(mount.Source!))),
        ];
    }
}
