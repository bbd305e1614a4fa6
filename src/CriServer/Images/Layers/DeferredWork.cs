using System.Buffers.Binary;
using CriShim.CriServer.Images.Content;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// What can only be done when the whole archive is unpacked: times of folders, which every entry in them changes, and links to files
/// that come later. Bounded by <see cref="ContentLimits.MaxDeferredBytes"/>.
/// </summary>
internal sealed class DeferredWork
{
    private const int NanosecondsOffset = sizeof(long);
    private const int PathOffset = sizeof(long) + sizeof(int);

    // Target, NUL, path.
    private readonly RecordLog _links = new();

    // Seconds, nanoseconds, path.
    private readonly RecordLog _folders = new();

    public void AddFolderTime(LayerPath path, TarEntry entry)
    {
        var name = path.Full.AsSpan()[..^1];
        var record = Append(_folders, PathOffset + name.Length);
        BinaryPrimitives.WriteInt64LittleEndian(record, entry.ModifiedSeconds);
        BinaryPrimitives.WriteInt32LittleEndian(record[NanosecondsOffset..], entry.ModifiedNanoseconds);
        name.CopyTo(record[PathOffset..]);
    }

    public void AddLink(LayerPath target, LayerPath path)
    {
        var from = target.Full;
        var to = path.Full.AsSpan()[..^1];
        var record = Append(_links, from.Length + to.Length);
        from.CopyTo(record);
        to.CopyTo(record[from.Length..]);
    }

    /// <exception cref="ContentException">A link's target never came.</exception>
    public void Finish(LayerFolder folder)
    {
        foreach (var record in _links.Read())
        {
            var end = record.Span.IndexOf((byte)0);
            var (target, path) = (LayerPath.Parse(record.Span[..end]), LayerPath.Parse(record.Span[(end + 1)..]));
            if (!HardLinks.TryMake(folder, target, path))
            {
                throw new ContentException($"archive entry \"{path}\" is a hard link to a file that its layer does not have: \"{target}\"");
            }
        }

        // Not the time of the unpacking: the same archive gives the same layer.
        foreach (var path in folder.Implied.Paths())
        {
            using var found = folder.TryOpenExactly(path);
            SetTime(found, LayerPath.Root, default);
        }

        // Where a folder has several entries the last one wins; one that was replaced by something else is no longer looked for.
        foreach (var record in _folders.Read())
        {
            var path = LayerPath.Parse(record.Span[PathOffset..]);
            using var parent = folder.TryOpenFolder(path.Parent);
            SetTime(parent, path, new timespec_t
            {
                tv_sec = BinaryPrimitives.ReadInt64LittleEndian(record.Span),
                tv_nsec = BinaryPrimitives.ReadInt32LittleEndian(record.Span[NanosecondsOffset..]),
            });
        }
    }

    private static void SetTime(SafeFileHandle? parent, LayerPath path, timespec_t time)
    {
        if (parent is not null
            && utimensat(parent, path.Name, [time, time], AT_SYMLINK_NOFOLLOW) < 0 && Check.LastErrno is var errno && errno != Errno.ENOENT)
        {
            throw new LinuxException(errno, "utimensat", path.ToString());
        }
    }

    private Span<byte> Append(RecordLog log, int bytes) => _links.Bytes + _folders.Bytes + bytes <= ContentLimits.MaxDeferredBytes
        ? log.Append(bytes)
        : throw new ContentException("archive has too many folders or forward links");
}
