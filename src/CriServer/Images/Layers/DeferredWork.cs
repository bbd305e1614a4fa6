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
    private const int PerItem = 64; // what an item costs beside its names
    private const int NanosecondsOffset = sizeof(long);
    private const int PathOffset = sizeof(long) + sizeof(int);

    private readonly List<(byte[] Target, byte[] Path)> _links = [];

    // Seconds, nanoseconds, path: there can be very many.
    private readonly List<byte[]> _folders = [];
    private long _held;

    public void AddFolderTime(LayerPath path, TarEntry entry)
    {
        var name = path.Full.AsSpan()[..^1];
        var record = new byte[PathOffset + name.Length];
        BinaryPrimitives.WriteInt64LittleEndian(record, entry.ModifiedSeconds);
        BinaryPrimitives.WriteInt32LittleEndian(record.AsSpan(NanosecondsOffset), entry.ModifiedNanoseconds);
        name.CopyTo(record.AsSpan(PathOffset));
        Hold(record.Length);
        _folders.Add(record);
    }

    public void AddLink(LayerPath target, LayerPath path)
    {
        var (from, to) = (target.Full[..^1], path.Full[..^1]);
        Hold(from.Length + to.Length);
        _links.Add((from, to));
    }

    /// <exception cref="ContentException">A link's target never came.</exception>
    public void Finish(LayerFolder folder)
    {
        foreach (var (from, to) in _links)
        {
            var (target, path) = (LayerPath.Parse(from), LayerPath.Parse(to));
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
        foreach (var record in _folders)
        {
            var path = LayerPath.Parse(record.AsSpan(PathOffset));
            using var parent = folder.TryOpenFolder(path.Parent);
            SetTime(parent, path, new timespec_t
            {
                tv_sec = BinaryPrimitives.ReadInt64LittleEndian(record),
                tv_nsec = BinaryPrimitives.ReadInt32LittleEndian(record.AsSpan(NanosecondsOffset)),
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

    private void Hold(int bytes)
    {
        _held += bytes + PerItem;
        if (_held > ContentLimits.MaxDeferredBytes)
        {
            throw new ContentException("archive has too many folders or forward links");
        }
    }
}
