using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux.LibC;

/// <summary>sys/stat.h and linux/openat2.h: what a path leads to. Declarations only; names and constants as in C.</summary>
internal static partial class Stat
{
    public const uint STATX_BASIC_STATS = 0x7ff;
    public const uint STATX_MNT_ID = 0x1000;
    public const long SYS_openat2 = 437;

    /// <summary>struct statx, as far as it is used; 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public struct statx_t
    {
        [FieldOffset(0x14)]
        public uint stx_uid;
        [FieldOffset(0x18)]
        public uint stx_gid;
        [FieldOffset(0x1c)]
        public ushort stx_mode;
        [FieldOffset(0x28)]
        public ulong stx_size;
        [FieldOffset(0x80)]
        public uint stx_rdev_major;
        [FieldOffset(0x84)]
        public uint stx_rdev_minor;
        [FieldOffset(0x90)]
        public ulong stx_mnt_id;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statx(SafeFileHandle dirfd, string path, int flags, uint mask, out statx_t buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int statx(int dirfd, string path, int flags, uint mask, out statx_t buffer);

    /// <summary>openat2(2) has no wrapper in the C library.</summary>
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial long openat2(long number, SafeFileHandle dirfd, string path, in Files.open_how how, nint size);
}
