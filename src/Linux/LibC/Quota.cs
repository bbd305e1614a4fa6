using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>linux/fs.h, linux/quota.h: project quotas. Declarations only; names and constants as in C.</summary>
public static partial class Quota
{
    public const nuint FS_IOC_FSGETXATTR = 0x801c581f;
    public const nuint FS_IOC_FSSETXATTR = 0x401c5820;
    public const uint FS_XFLAG_PROJINHERIT = 0x200;

    public const uint PRJQUOTA = 2;
    public const uint Q_GETQUOTA = 0x800007;
    public const uint Q_SETQUOTA = 0x800008;
    public const uint QIF_BLIMITS = 1;

    /// <summary>struct fsxattr.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 28)]
    public struct fsxattr_t
    {
        public uint fsx_xflags;
        public uint fsx_extsize;
        public uint fsx_nextents;
        public uint fsx_projid;
        public uint fsx_cowextsize;
    }

    /// <summary>struct if_dqblk; limits in units of 1024 bytes, space in bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 72)]
    public struct if_dqblk
    {
        public ulong dqb_bhardlimit;
        public ulong dqb_bsoftlimit;
        public ulong dqb_curspace;
        public ulong dqb_ihardlimit;
        public ulong dqb_isoftlimit;
        public ulong dqb_curinodes;
        public ulong dqb_btime;
        public ulong dqb_itime;
        public uint dqb_valid;
    }

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ioctl(SafeHandle fd, nuint request, ref fsxattr_t attributes);

    /// <summary>quotactl_fd(2), since 5.14, has no wrapper in the C library: call as <c>quotactl_fd(SYS_quotactl_fd, …)</c>.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial nint quotactl_fd(nint number, SafeHandle fd, uint command, nint id, ref if_dqblk block);

    /// <summary>QCMD of sys/quota.h.</summary>
    public static uint QCMD(uint command, uint type) => (command << 8) | (type & 0xff);
}
