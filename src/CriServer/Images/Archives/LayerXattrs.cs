using CriShim.CriServer.Images.Layers;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Xattr;

namespace CriShim.CriServer.Images.Archives;

/// <summary>Extended attributes of a layer's files, by descriptors that may be O_PATH.</summary>
internal static class LayerXattrs
{
    private const int MaxListBytes = 64 << 10; // XATTR_LIST_MAX of linux/limits.h

    /// <summary>Attributes of the machine, not of the image.</summary>
    private static readonly byte[][] s_leftOut =
        [[.. "trusted.overlay."u8], [.. "user.overlay."u8], [.. "security.selinux"u8], [.. "security.ima"u8], [.. "security.evm"u8]];

    /// <summary>In byte order of their names.</summary>
    public static IReadOnlyList<TarXattr> Read(SafeFileHandle file)
    {
        var path = PathOf(file);
        var list = new byte[MaxListBytes];
        var length = listxattr(path, list, list.Length);
        if (length < 0)
        {
            return Check.LastErrno == Errno.EOPNOTSUPP ? [] : throw new LinuxException(Check.LastErrno, "listxattr");
        }

        var found = new List<TarXattr>();
        ReadOnlySpan<byte> names = list.AsSpan(0, (int)length);
        foreach (var range in names.Split((byte)0))
        {
            var name = names[range];
            if (!name.IsEmpty && !IsLeftOut(name))
            {
                found.Add(ReadOne(path, NulTerminated.FromBytes(name)));
            }
        }

        found.Sort((a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        return found;
    }

    public static bool IsOpaque(SafeFileHandle folder)
    {
        Span<byte> value = stackalloc byte[1];
        return getxattr(PathOf(folder), Whiteouts.OpaqueXattr, value, 1) == 1 && value.SequenceEqual(Whiteouts.OpaqueValue);
    }

    private static bool IsLeftOut(ReadOnlySpan<byte> name)
    {
        foreach (var prefix in s_leftOut)
        {
            if (name.StartsWith(prefix))
            {
                return true;
            }
        }

        return false;
    }

    private static TarXattr ReadOne(byte[] path, byte[] name)
    {
        var value = new byte[Check.Result(getxattr(path, name, [], 0), "getxattr")];
        var length = Check.Result(getxattr(path, name, value, value.Length), "getxattr");
        return new TarXattr(name, value[..(int)length]);
    }

    private static byte[] PathOf(SafeFileHandle file) => NulTerminated.FromString($"/proc/self/fd/{file.DangerousGetHandle()}");
}
