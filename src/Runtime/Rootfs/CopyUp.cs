using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Rootfs;

/// <summary>Copies what a new tmpfs is about to cover into it (option tmpcopyup): folders, files and links with mode and owner.</summary>
internal static class CopyUp
{
    private const int MaxDepth = 64;
    private const int LinkBytes = 4096;

    public static void Fill(SafeFileHandle tmpfs, SafeFileHandle covered)
    {
        var info = FileStat.Of(covered);
        Check.Result(fchmodat(tmpfs, ".", info.stx_mode & 0xFFFu, 0), "fchmodat");
        Check.Result(fchownat(tmpfs, ".", info.stx_uid, info.stx_gid, 0), "fchownat");
        CopyFolder(covered, tmpfs, 0);
    }

    private static void CopyFolder(SafeFileHandle from, SafeFileHandle to, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new LinuxException(Errno.ELOOP, "copy up");
        }

        using var listing = Fd.OpenAt(from, ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        foreach (var name in FolderListing.Names(listing))
        {
            using var entry = Fd.OpenAt(from, name, O_PATH | O_NOFOLLOW);
            CopyEntry(from, to, name, entry, depth);
        }
    }

    private static void CopyEntry(SafeFileHandle from, SafeFileHandle to, string name, SafeFileHandle entry, int depth)
    {
        var info = FileStat.Of(entry);
        var mode = info.stx_mode & 0xFFFu;
        switch (info.stx_mode & S_IFMT)
        {
            case S_IFDIR:
                Check.Result(mkdirat(to, name, 0b111_000_000), "mkdirat", name);
                using (var folder = Fd.OpenAt(to, name, O_PATH | O_DIRECTORY | O_NOFOLLOW))
                {
                    CopyFolder(entry, folder, depth + 1);
                }

                Check.Result(fchownat(to, name, info.stx_uid, info.stx_gid, AT_SYMLINK_NOFOLLOW), "fchownat", name);
                Check.Result(fchmodat(to, name, mode, 0), "fchmodat", name);
                break;
            case S_IFREG:
                using (var source = Fd.OpenAt(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
                using (var copy = Fd.OpenAt(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0b110_000_000))
                {
                    CopyBytes(source, copy);
                    Check.Result(fchown(copy, info.stx_uid, info.stx_gid), "fchown", name);
                    Check.Result(fchmod(copy, mode), "fchmod", name);
                }

                break;
            case S_IFLNK:
                var target = new byte[LinkBytes];
                var length = Check.Result(readlinkat(entry, "\0"u8, target, target.Length), "readlinkat", name);
                Check.Result(
                    symlinkat(NulTerminated.FromBytes(target.AsSpan(0, (int)length)), to, NulTerminated.FromString(name)), "symlinkat", name);
                Check.Result(fchownat(to, name, info.stx_uid, info.stx_gid, AT_SYMLINK_NOFOLLOW), "fchownat", name);
                break;
            default:
                // Sockets, pipes and devices are not carried over.
                break;
        }
    }

    private static void CopyBytes(SafeFileHandle source, SafeFileHandle target)
    {
        var buffer = new byte[64 * 1024];
        while (Fd.Read(source, buffer) is var count and > 0)
        {
            Fd.WriteAll(target, buffer.AsSpan(0, count));
        }
    }
}
