using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>Owner, mode and time of the folder that a container sees as <c>/</c>.</summary>
internal static class RootAttributes
{
    private const uint DefaultMode = 0x1ED; // 0755

    /// <summary>A folder with the mode that a root has when no layer says otherwise, whatever the umask.</summary>
    public static void MakeFolder(string path)
    {
        Directory.CreateDirectory(path);
        using var fd = Fd.Open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        Check.Result(fchmod(fd, DefaultMode), "fchmod", path);
    }

    public static void Copy(string from, string to)
    {
        using var source = Fd.Open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        using var target = Fd.Open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        Check.Result(statx(source, "\0"u8, AT_EMPTY_PATH, STATX_BASIC_STATS, out var stat), "statx", from);
        Check.Result(fchown(target, stat.stx_uid, stat.stx_gid), "fchown", to);
        Check.Result(fchmod(target, stat.stx_mode & 0xfffu), "fchmod", to);
        var time = new timespec_t { tv_sec = stat.stx_mtime.tv_sec, tv_nsec = stat.stx_mtime.tv_nsec };
        Check.Result(futimens(target, [time, time]), "futimens", to);
    }

    /// <summary>Gives the root the owner that <paramref name="from"/>'s is in the user namespace, as the host numbers it.</summary>
    public static void SetOwner(string from, string to, RootIdMap ids)
    {
        using var source = Fd.Open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        using var target = Fd.Open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        Check.Result(statx(source, "\0"u8, AT_EMPTY_PATH, STATX_BASIC_STATS, out var stat), "statx", from);
        Check.Result(fchown(target, ids.HostUid + stat.stx_uid, ids.HostGid + stat.stx_gid), "fchown", to);
    }
}
