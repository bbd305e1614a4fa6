using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Images.Snapshots;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Archives;

/// <summary>
/// An unpacked layer as an archive again: names in byte order, folders before what is in them, hard links to the first name, whiteouts as
/// archives have them. The same layer gives the same bytes.
/// </summary>
/// <param name="isImplied">Whether the layer's own archive had no entry for a folder: then it gets none here either.</param>
internal sealed class LayerPacker(TarOutput output, Func<byte[], bool> isImplied)
{
    private const int CopyBytes = 1 << 20;
    private const uint PermissionBits = 0xfff;
    private const uint DefaultRootMode = 0x1ED; // 0755

    /// <summary>Owner of files that belong to user and group 0 in the archive: 0, but for roots with owners of a user namespace.</summary>
    public (uint Uid, uint Gid) RootOwner { get; init; }

    // First name of each file that has several, by inode.
    private readonly Dictionary<ulong, byte[]> _linked = [];
    private readonly byte[] _buffer = new byte[CopyBytes];

    /// <param name="root">The layer's folder.</param>
    public void Pack(SafeFileHandle root)
    {
        var stat = FileStat.Of(root);
        var isDefault = (stat.stx_mode & PermissionBits) == DefaultRootMode && stat is { stx_uid: 0, stx_gid: 0, stx_mtime: { tv_sec: 0, tv_nsec: 0 } };
        var entry = ToEntry([.. "./"u8], TarEntryType.Folder, stat, root);
        if (!isDefault || entry.Xattrs.Count > 0)
        {
            output.Begin(entry);
        }

        PackFolder(root, []);
        output.Finish();
    }

    private void PackFolder(SafeFileHandle folder, byte[] prefix)
    {
        if (EntryXattrs.IsOpaque(folder))
        {
            WriteMarker([.. prefix, .. Whiteouts.OpaqueName[..^1]]);
        }

        foreach (var name in SortedNames(folder))
        {
            Check.Result(statx(folder, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, out var stat), "statx", NulTerminated.ToText(name));
            if ((stat.stx_mode & S_IFMT) == S_IFDIR)
            {
                PackSubfolder(folder, prefix, name);
            }
            else
            {
                PackFile(folder, [.. prefix, .. name.AsSpan()[..^1]], prefix, name, stat);
            }
        }
    }

    private void PackSubfolder(SafeFileHandle parent, byte[] prefix, byte[] name)
    {
        using var folder = Check.Result(
            openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), "openat", NulTerminated.ToText(name));
        byte[] path = [.. prefix, .. name.AsSpan()[..^1]];
        byte[] asFolder = [.. path, (byte)'/'];
        if (!isImplied(path))
        {
            output.Begin(ToEntry(asFolder, TarEntryType.Folder, FileStat.Of(folder), folder));
        }

        PackFolder(folder, asFolder);
    }

    private void PackFile(SafeFileHandle parent, byte[] path, byte[] prefix, byte[] name, in statx_t stat)
    {
        if (stat.stx_nlink > 1 && _linked.TryGetValue(stat.stx_ino, out var first))
        {
            output.Begin(new TarEntry { Type = TarEntryType.HardLink, Path = path, LinkTarget = first, Mode = stat.stx_mode & PermissionBits });
            return;
        }

        switch (stat.stx_mode & S_IFMT)
        {
            case S_IFREG:
                PackContents(parent, path, name, stat);
                break;
            case S_IFLNK:
                var link = Describe(parent, path, TarEntryType.SymbolicLink, name, stat);
                link.LinkTarget = ReadLink(parent, name, stat);
                output.Begin(link);
                break;
            case S_IFCHR when stat is { stx_rdev_major: 0, stx_rdev_minor: 0 }:
                WriteMarker([.. prefix, .. Whiteouts.Prefix, .. name.AsSpan()[..^1]]);
                return;
            case S_IFCHR or S_IFBLK or S_IFIFO:
                PackNode(parent, path, name, stat);
                break;
            default:
                return; // a socket: archives have none
        }

        if (stat.stx_nlink > 1)
        {
            _linked[stat.stx_ino] = path;
        }
    }

    private void PackContents(SafeFileHandle parent, byte[] path, byte[] name, in statx_t stat)
    {
        using var file = Check.Result(openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0), "openat", NulTerminated.ToText(name));
        var entry = ToEntry(path, TarEntryType.File, stat, file);
        entry.Size = (long)stat.stx_size;
        output.Begin(entry);
        var left = entry.Size;
        while (left > 0)
        {
            var count = Fd.Read(file, _buffer.AsSpan(0, (int)Math.Min(left, _buffer.Length)));
            output.Write(_buffer.AsSpan(0, count));
            left -= count > 0 ? count : throw new ContentException($"\"{NulTerminated.ToText(name)}\" became shorter while it was read");
        }

        output.EndFile();
    }

    private void PackNode(SafeFileHandle parent, byte[] path, byte[] name, in statx_t stat)
    {
        var type = (stat.stx_mode & S_IFMT) switch
        {
            S_IFCHR => TarEntryType.CharacterDevice,
            S_IFBLK => TarEntryType.BlockDevice,
            _ => TarEntryType.Fifo,
        };
        var entry = Describe(parent, path, type, name, stat);
        (entry.DeviceMajor, entry.DeviceMinor) = (stat.stx_rdev_major, stat.stx_rdev_minor);
        output.Begin(entry);
    }

    private void WriteMarker(byte[] path) => output.Begin(new TarEntry { Type = TarEntryType.File, Path = path });

    /// <summary>Of what cannot be opened for reading without effects.</summary>
    private TarEntry Describe(SafeFileHandle parent, byte[] path, TarEntryType type, byte[] name, in statx_t stat)
    {
        using var place = Check.Result(openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0), "openat", NulTerminated.ToText(name));
        return ToEntry(path, type, stat, place);
    }

    private TarEntry ToEntry(byte[] path, TarEntryType type, in statx_t stat, SafeFileHandle file) => new()
    {
        Type = type,
        Path = path,
        Mode = stat.stx_mode & PermissionBits,
        Uid = stat.stx_uid - RootOwner.Uid,
        Gid = stat.stx_gid - RootOwner.Gid,
        ModifiedSeconds = stat.stx_mtime.tv_sec,
        ModifiedNanoseconds = (int)stat.stx_mtime.tv_nsec,
        Xattrs = LayerXattrs.Read(file),
    };

    private static byte[] ReadLink(SafeFileHandle parent, byte[] name, in statx_t stat)
    {
        var target = new byte[stat.stx_size + 1];
        var length = Check.Result(readlinkat(parent, name, target, target.Length), "readlinkat", NulTerminated.ToText(name));
        return target[..(int)length];
    }

    private static List<byte[]> SortedNames(SafeFileHandle folder)
    {
        var names = new List<byte[]>();
        var entries = new FolderEntries(folder);
        while (entries.MoveNext())
        {
            names.Add(entries.Name.ToArray());
        }

        names.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
        return names;
    }
}
