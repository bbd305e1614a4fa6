using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux.LibC;

/// <summary>
/// The calls of <see cref="Files"/> for names that are bytes, as those of archives are: every <c>ReadOnlySpan&lt;byte&gt;</c> that is a
/// path ends in NUL. Declarations only.
/// </summary>
public static partial class Files
{
    public const int SEEK_SET = 0;
    public const long SYS_openat2 = 437;
    public const uint STATX_BASIC_STATS = 0x7ff;
    public const uint STATX_MNT_ID = 0x1000;
    public const long UTIME_OMIT = 0x3ffffffe;

    public const byte DT_UNKNOWN = 0;
    public const byte DT_DIR = 4;

    /// <summary>struct timespec of time.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct timespec_t
    {
        public long tv_sec;
        public long tv_nsec;
    }

    /// <summary>struct statx of sys/stat.h, as far as it is used; 256 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    public struct statx_t
    {
        public uint stx_mask;
        public uint stx_blksize;
        public ulong stx_attributes;
        public uint stx_nlink;
        public uint stx_uid;
        public uint stx_gid;
        public ushort stx_mode;
        private readonly ushort _spare;
        public ulong stx_ino;
        public ulong stx_size;
        public ulong stx_blocks;
        public ulong stx_attributes_mask;
        public statx_timestamp stx_atime;
        public statx_timestamp stx_btime;
        public statx_timestamp stx_ctime;
        public statx_timestamp stx_mtime;
        public uint stx_rdev_major;
        public uint stx_rdev_minor;
        public uint stx_dev_major;
        public uint stx_dev_minor;
        public ulong stx_mnt_id;
    }

    /// <summary>struct statx_timestamp.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct statx_timestamp
    {
        public long tv_sec;
        public uint tv_nsec;
        private readonly int _reserved;
    }

    /// <summary>openat2(2) has no wrapper in the C library: call as <c>openat2(SYS_openat2, …)</c>.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    public static partial long openat2(long number, SafeHandle dirfd, ReadOnlySpan<byte> path, in open_how how, nint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial SafeFileHandle openat(SafeHandle dirfd, ReadOnlySpan<byte> path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mkdirat(SafeHandle dirfd, ReadOnlySpan<byte> path, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int mknodat(SafeHandle dirfd, ReadOnlySpan<byte> path, uint mode, ulong dev);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int unlinkat(SafeHandle dirfd, ReadOnlySpan<byte> path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int symlinkat(ReadOnlySpan<byte> target, SafeHandle dirfd, ReadOnlySpan<byte> path);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint readlinkat(SafeHandle dirfd, ReadOnlySpan<byte> path, Span<byte> buffer, nint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int linkat(SafeHandle olddirfd, ReadOnlySpan<byte> oldpath, SafeHandle newdirfd, ReadOnlySpan<byte> newpath, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int renameat(SafeHandle olddirfd, ReadOnlySpan<byte> oldpath, SafeHandle newdirfd, ReadOnlySpan<byte> newpath);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchownat(SafeHandle dirfd, ReadOnlySpan<byte> path, uint uid, uint gid, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int fchmodat(SafeHandle dirfd, ReadOnlySpan<byte> path, uint mode, int flags);

    /// <summary>times: access, then modification.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int utimensat(SafeHandle dirfd, ReadOnlySpan<byte> path, ReadOnlySpan<timespec_t> times, int flags);

    /// <summary>times: access, then modification.</summary>
    [LibraryImport("libc", SetLastError = true)]
    public static partial int futimens(SafeHandle fd, ReadOnlySpan<timespec_t> times);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int statx(SafeHandle dirfd, ReadOnlySpan<byte> path, int flags, uint mask, out statx_t buffer);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint getdents64(SafeHandle fd, Span<byte> buffer, nint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int ftruncate(SafeHandle fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint pwrite(SafeHandle fd, ReadOnlySpan<byte> buffer, nint count, long offset);

    /// <summary>makedev(3): how a device number is encoded for mknod.</summary>
    public static ulong makedev(uint major, uint minor) =>
        ((major & 0xfffff000UL) << 32) | ((major & 0xfffUL) << 8) | ((minor & 0xffffff00UL) << 12) | (minor & 0xffUL);
}
