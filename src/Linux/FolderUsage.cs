using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>
/// Counts a folder with all that is in it, as du(1) does: hard links once, other mounts not. By descriptors only, so that whoever changes it
/// meanwhile leads nowhere else; what goes while it is counted is not counted.
/// </summary>
public static class FolderUsage
{
    private const int BlockBytes = 512; // of stx_blocks

    // A container can nest folders without end. Deeper ones are not counted: a descriptor and a buffer are held for each level.
    private const int MaxDepth = 128;

    /// <exception cref="LinuxException">The folder is not there.</exception>
    public static DiskUsage Of(string path)
    {
        using var folder = Fd.Open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        Check.Result(statx(folder, "\0"u8, AT_EMPTY_PATH, STATX_BASIC_STATS, out var stat), "statx", path);
        return Size(stat) + OfContents(folder, stat, [], 1);
    }

    private static DiskUsage OfContents(SafeFileHandle folder, in statx_t mount, HashSet<ulong> linked, int depth)
    {
        var sum = default(DiskUsage);
        var entries = new FolderEntries(folder);
        while (entries.MoveNext())
        {
            if (!Check.Tolerate(statx(folder, entries.Name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, out var stat), Errno.ENOENT, "statx")
                || (stat.stx_dev_major, stat.stx_dev_minor) != (mount.stx_dev_major, mount.stx_dev_minor))
            {
                continue;
            }

            var isFolder = (stat.stx_mode & S_IFMT) == S_IFDIR;
            if (isFolder || stat.stx_nlink == 1 || linked.Add(stat.stx_ino))
            {
                sum += Size(stat);
            }

            if (isFolder && depth < MaxDepth && TryOpen(folder, entries.Name) is { } inner)
            {
                using (inner)
                {
                    sum += OfContents(inner, mount, linked, depth + 1);
                }
            }
        }

        return sum;
    }

    private static DiskUsage Size(in statx_t stat) => new((long)stat.stx_blocks * BlockBytes, 1);

    private static SafeFileHandle? TryOpen(SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        var folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
        if (!folder.IsInvalid)
        {
            return folder;
        }

        folder.Dispose();
        return null;
    }
}
