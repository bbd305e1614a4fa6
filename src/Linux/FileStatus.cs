using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>What statx(2) says about a file.</summary>
/// <param name="Mode">Type and permission bits.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Major">Of the device that the file is, not the one it lies on.</param>
/// <param name="MountId">As in the first column of /proc/self/mountinfo.</param>
public readonly record struct FileStatus(uint Mode, uint Uid, uint Gid, long Size, uint Major, uint Minor, ulong MountId)
{
    private const uint Wanted = STATX_BASIC_STATS | STATX_MNT_ID;

    public bool IsRegular => (Mode & S_IFMT) == S_IFREG;

    public bool IsFolder => (Mode & S_IFMT) == S_IFDIR;

    public bool IsCharacterDevice => (Mode & S_IFMT) == S_IFCHR;

    public bool IsBlockDevice => (Mode & S_IFMT) == S_IFBLK;

    public static FileStatus Of(SafeFileHandle file, string? subject = null)
    {
        Check.Result(statx(file, "", AT_EMPTY_PATH, Wanted, out var status), "statx", subject);
        return From(status);
    }

    /// <summary>Of the path itself: a symbolic link at its end is not followed.</summary>
    public static FileStatus Of(string path)
    {
        Check.Result(statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, Wanted, out var status), "statx", path);
        return From(status);
    }

    private static FileStatus From(in statx_t status) => new(
        status.stx_mode,
        status.stx_uid,
        status.stx_gid,
        (long)status.stx_size,
        status.stx_rdev_major,
        status.stx_rdev_minor,
        status.stx_mnt_id);
}
