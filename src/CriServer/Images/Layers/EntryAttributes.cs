using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Layers;

/// <summary>Owner, mode, extended attributes and times of an unpacked entry.</summary>
internal static class EntryAttributes
{
    /// <summary>Attributes that are not the archive's to set: they steer overlayfs itself, or belong to the host's policy.</summary>
    private static readonly byte[][] s_refusedXattrs =
        [[.. "trusted.overlay."u8], [.. "user.overlay."u8], [.. "security.selinux\0"u8], [.. "security.ima\0"u8], [.. "security.evm\0"u8]];

    /// <summary>Everything, for what cannot be opened for reading or writing: links, devices, fifos.</summary>
    public static void SetAll(SafeFileHandle parent, ReadOnlySpan<byte> name, TarEntry entry)
    {
        using var fd = Check.Result(openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0), "openat");
        Check.Result(fchownat(fd, "\0"u8, entry.Uid, entry.Gid, AT_EMPTY_PATH), "fchownat");
        if (entry.Type != TarEntryType.SymbolicLink)
        {
            // fchmod refuses O_PATH; the link in /proc leads to the very file.
            var path = NulTerminated.FromString($"/proc/self/fd/{fd.DangerousGetHandle()}");
            Check.Result(fchmodat(fd, path, entry.Mode, 0), "fchmodat");
        }

        SetXattrs(fd, entry);
        Check.Result(utimensat(parent, name, TimesOf(entry), AT_SYMLINK_NOFOLLOW), "utimensat");
    }

    public static void SetTimes(SafeFileHandle fd, TarEntry entry) => Check.Result(futimens(fd, TimesOf(entry)), "futimens");

    public static void SetXattrs(SafeFileHandle fd, TarEntry entry)
    {
        foreach (var (name, value) in entry.Xattrs)
        {
            if (!Array.Exists(s_refusedXattrs, refused => name.AsSpan().StartsWith(refused)))
            {
                LayerFolder.SetXattr(fd, name, value);
            }
        }
    }

    /// <summary>Access and modification time, both the entry's.</summary>
    public static timespec_t[] TimesOf(TarEntry entry)
    {
        var time = new timespec_t { tv_sec = entry.ModifiedSeconds, tv_nsec = entry.ModifiedNanoseconds };
        return [time, time];
    }
}
