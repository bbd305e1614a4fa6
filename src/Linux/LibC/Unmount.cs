using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>sys/mount.h: umount2(2).</summary>
internal static partial class Unmount
{
    public const int MNT_DETACH = 2;
    public const int UMOUNT_NOFOLLOW = 8;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int umount2(string target, int flags);
}
