using System.Runtime.InteropServices;

namespace CriShim.Linux.LibC;

/// <summary>sys/xattr.h: extended attributes, xattr(7). Names are bytes ending in NUL. Declarations only.</summary>
public static partial class Xattr
{
    [LibraryImport("libc", SetLastError = true)]
    public static partial int fsetxattr(SafeHandle fd, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, nint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial int setxattr(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, nint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint getxattr(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name, Span<byte> value, nint size);

    [LibraryImport("libc", SetLastError = true)]
    public static partial nint listxattr(ReadOnlySpan<byte> path, Span<byte> list, nint size);
}
