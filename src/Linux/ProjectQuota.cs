using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Quota;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Linux;

/// <summary>
/// Project quotas of ext4 and xfs: a number on each file, inherited from its folder, and per number what may be used and what is. Both
/// counters are the file system's own and cost nothing to read. Throws <see cref="LinuxException"/>.
/// </summary>
public static class ProjectQuota
{
    private const int LimitUnit = 1024;

    /// <summary>Puts an empty folder, and so all that will be made in it, into a project.</summary>
    public static void SetProject(string folder, uint project)
    {
        using var fd = OpenFolder(folder);
        var attributes = default(fsxattr_t);
        Check.Result(ioctl(fd, FS_IOC_FSGETXATTR, ref attributes), "ioctl(FS_IOC_FSGETXATTR)", folder);
        attributes.fsx_projid = project;
        attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
        Check.Result(ioctl(fd, FS_IOC_FSSETXATTR, ref attributes), "ioctl(FS_IOC_FSSETXATTR)", folder);
    }

    /// <summary>The project of a file or folder; 0 for none.</summary>
    public static uint ProjectOf(string path)
    {
        using var fd = Fd.Open(path, O_RDONLY | O_NOFOLLOW);
        var attributes = default(fsxattr_t);
        Check.Result(ioctl(fd, FS_IOC_FSGETXATTR, ref attributes), "ioctl(FS_IOC_FSGETXATTR)", path);
        return attributes.fsx_projid;
    }

    /// <summary>The most that a project may use on the file system that <paramref name="folder"/> lies on.</summary>
    /// <param name="bytes">0: no limit.</param>
    /// <exception cref="LinuxException">ESRCH, ENOSYS and others: the file system keeps no project quotas.</exception>
    public static void SetLimit(string folder, uint project, long bytes)
    {
        using var fd = OpenFolder(folder);
        var block = new if_dqblk { dqb_bhardlimit = (ulong)((bytes + LimitUnit - 1) / LimitUnit), dqb_valid = QIF_BLIMITS };
        Call(fd, Q_SETQUOTA, project, ref block, folder);
    }

    /// <summary>What a project uses on the file system that <paramref name="folder"/> lies on.</summary>
    public static DiskUsage UsageOf(string folder, uint project)
    {
        using var fd = OpenFolder(folder);
        var block = default(if_dqblk);
        Call(fd, Q_GETQUOTA, project, ref block, folder);
        return new DiskUsage((long)block.dqb_curspace, (long)block.dqb_curinodes);
    }

    private static void Call(SafeFileHandle fd, uint command, uint project, ref if_dqblk block, string folder) =>
        Check.Result(quotactl_fd(SYS_quotactl_fd, fd, QCMD(command, PRJQUOTA), (nint)project, ref block), "quotactl_fd", folder);

    private static SafeFileHandle OpenFolder(string path) => Fd.Open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}
