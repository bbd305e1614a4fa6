using CriShim.CriServer.Images.Layers;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Xattr;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>Extended attributes of unpacked files, by descriptors that may be O_PATH.</summary>
internal static class EntryXattrs
{
    private const int MaxListBytes = 64 << 10; // XATTR_LIST_MAX of linux/limits.h

    /// <summary>All but overlayfs's own.</summary>
    public static IReadOnlyList<TarXattr> Read(SafeFileHandle file)
    {
        var path = PathOf(file);
        var list = new byte[1024];
        var length = listxattr(path, list, list.Length);
        if (length < 0)
        {
            if (Check.LastErrno == Errno.EOPNOTSUPP)
            {
                return [];
            }

            list = new byte[MaxListBytes];
            length = (nint)Check.Result(listxattr(path, list, list.Length), "listxattr");
        }

        var found = new List<TarXattr>();
        ReadOnlySpan<byte> names = list.AsSpan(0, (int)length);
        foreach (var range in names.Split((byte)0))
        {
            var name = names[range];
            if (!name.IsEmpty && !name.StartsWith("trusted.overlay."u8) && !name.StartsWith("user.overlay."u8))
            {
                found.Add(ReadOne(path, NulTerminated.FromBytes(name)));
            }
        }

        return found;
    }

    /// <inheritdoc cref="Read"/>
    public static void Copy(SafeFileHandle from, SafeFileHandle to)
    {
        foreach (var (name, value) in Read(from))
        {
            LayerFolder.SetXattr(to, name, value);
        }
    }

    public static bool IsOpaque(SafeFileHandle folder)
    {
        Span<byte> value = stackalloc byte[1];
        return getxattr(PathOf(folder), Whiteouts.OpaqueXattr, value, 1) == 1 && value.SequenceEqual(Whiteouts.OpaqueValue);
    }

    /// <inheritdoc cref="IsOpaque(SafeFileHandle)"/>
    public static bool IsOpaque(string folder)
    {
        Span<byte> value = stackalloc byte[1];
        return getxattr(NulTerminated.FromString(folder), Whiteouts.OpaqueXattr, value, 1) == 1 && value.SequenceEqual(Whiteouts.OpaqueValue);
    }

    private static TarXattr ReadOne(byte[] path, byte[] name)
    {
        var value = new byte[Check.Result(getxattr(path, name, [], 0), "getxattr")];
        var length = Check.Result(getxattr(path, name, value, value.Length), "getxattr");
        return new TarXattr(name, value[..(int)length]);
    }

    private static byte[] PathOf(SafeFileHandle fd) => NulTerminated.FromString($"/proc/self/fd/{fd.DangerousGetHandle()}");
}
