using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>Puts one unpacked layer on top of a copied root: files copied, hard links kept within the layer, whiteouts carried out.</summary>
internal sealed class LayerCopy(SafeFileHandle root)
{
    private const int CopyBlock = 1 << 20;
    private const uint PermissionBits = 0xfff;

    // First name, relative to the root, of each file of the layer that has several.
    private readonly Dictionary<ulong, byte[]> _linked = [];
    private readonly byte[] _buffer = new byte[CopyBlock];

    public void Apply(SafeFileHandle layer) => CopyFolder(layer, root, []);

    private void CopyFolder(SafeFileHandle source, SafeFileHandle target, byte[] path)
    {
        var entries = new FolderEntries(source);
        while (entries.MoveNext())
        {
            var name = entries.Name.ToArray();
            Check.Result(statx(source, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, out var stat), "statx", NulTerminated.ToText(name));
            CopyEntry(source, target, [.. path, .. name.AsSpan(0, name.Length - 1)], name, stat);
        }
    }

    private void CopyEntry(SafeFileHandle source, SafeFileHandle target, byte[] path, byte[] name, in statx_t stat)
    {
        var type = stat.stx_mode & S_IFMT;
        using var from = Check.Result(openat(source, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0), "openat", NulTerminated.ToText(name));
        if (type == S_IFDIR)
        {
            CopySubfolder(source, target, path, name, stat, from);
            return;
        }

        FolderTree.Remove(target, name);
        if (type == S_IFCHR && stat is { stx_rdev_major: 0, stx_rdev_minor: 0 })
        {
            return; // a whiteout
        }

        if (stat.stx_nlink > 1 && _linked.TryGetValue(stat.stx_ino, out var first))
        {
            Check.Result(linkat(root, first, target, name, 0), "linkat", NulTerminated.ToText(name));
            return;
        }

        MakeFile(source, target, name, stat);
        CopyAttributes(from, target, name, stat);
        if (stat.stx_nlink > 1)
        {
            _linked[stat.stx_ino] = [.. path, 0];
        }
    }

    private void CopySubfolder(SafeFileHandle source, SafeFileHandle target, byte[] path, byte[] name, in statx_t stat, SafeFileHandle from)
    {
        if (EntryXattrs.IsOpaque(from) || !IsFolder(target, name))
        {
            FolderTree.Remove(target, name);
            Check.Result(mkdirat(target, name, 0x1C0 /* 0700 */), "mkdirat", NulTerminated.ToText(name));
        }

        using (var inner = Check.Result(openat(source, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), "openat"))
        using (var outer = Check.Result(openat(target, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), "openat"))
        {
            CopyFolder(inner, outer, [.. path, (byte)'/']);
        }

        CopyAttributes(from, target, name, stat);
    }

    private void MakeFile(SafeFileHandle source, SafeFileHandle target, byte[] name, in statx_t stat)
    {
        var type = stat.stx_mode & S_IFMT;
        switch (type)
        {
            case S_IFREG:
                CopyContents(source, target, name);
                break;
            case S_IFLNK:
                var link = new byte[stat.stx_size + 1];
                Check.Result(readlinkat(source, name, link, link.Length - 1), "readlinkat");
                Check.Result(symlinkat(link, target, name), "symlinkat");
                break;
            default:
                Check.Result(mknodat(target, name, type, makedev(stat.stx_rdev_major, stat.stx_rdev_minor)), "mknodat");
                break;
        }
    }

    private void CopyContents(SafeFileHandle source, SafeFileHandle target, byte[] name)
    {
        using var from = Check.Result(openat(source, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0), "openat");
        using var to = Check.Result(openat(target, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0x180), "openat");
        while (Fd.Read(from, _buffer) is var count and > 0)
        {
            Fd.WriteAll(to, _buffer.AsSpan(0, count));
        }
    }

    private static void CopyAttributes(SafeFileHandle from, SafeFileHandle target, byte[] name, in statx_t stat)
    {
        using var to = Check.Result(openat(target, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0), "openat");
        Check.Result(fchownat(to, "\0"u8, stat.stx_uid, stat.stx_gid, AT_EMPTY_PATH), "fchownat");
        if ((stat.stx_mode & S_IFMT) != S_IFLNK)
        {
            Check.Result(
                fchmodat(to, NulTerminated.FromString($"/proc/self/fd/{to.DangerousGetHandle()}"), stat.stx_mode & PermissionBits, 0), "fchmodat");
        }

        EntryXattrs.Copy(from, to);
        var time = new timespec_t { tv_sec = stat.stx_mtime.tv_sec, tv_nsec = stat.stx_mtime.tv_nsec };
        Check.Result(utimensat(target, name, [time, time], AT_SYMLINK_NOFOLLOW), "utimensat");
    }

    private static bool IsFolder(SafeFileHandle parent, byte[] name) =>
        Check.Tolerate(statx(parent, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, out var stat), Errno.ENOENT, "statx")
        && (stat.stx_mode & S_IFMT) == S_IFDIR;
}
