using System.Runtime.InteropServices;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Xattr;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// A folder into which hostile archives are unpacked. Parents are resolved with openat2(2) as if the folder were the root, so symbolic
/// links of the archive lead nowhere else; the last component is only ever used relative to its parent's descriptor, never followed.
/// </summary>
internal sealed class LayerFolder : IDisposable
{
    private const uint ImpliedFolderMode = 0x1ED; // 0755
    private const int PathMax = 4096;
    private const ulong Resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;

    private const ulong ResolveExactly = Resolve | RESOLVE_NO_SYMLINKS;

    private readonly SafeFileHandle _root;
    private readonly int _rootPathBytes;
    private SafeFileHandle? _parent;
    private byte[] _parentPath = [];

    public LayerFolder(string path)
    {
        _root = Fd.Open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        _rootPathBytes = KernelPathOf(_root).Length;
    }

    /// <summary>Folders made because an entry lies in them that the archive has no entry for.</summary>
    public ImpliedFolders Implied { get; } = new();

    public void Dispose()
    {
        ForgetParent();
        _root.Dispose();
    }

    /// <summary>The folder an entry goes into, made if it is not there; owned by this object and valid until the next call.</summary>
    public SafeFileHandle OpenParent(LayerPath path)
    {
        if (_parent is not null && _parentPath.AsSpan().SequenceEqual(path.Parent))
        {
            return _parent;
        }

        ForgetParent();
        _parent = TryOpenFolder(path.Parent) ?? MakeFolders(path.Parent);
        _parentPath = path.Parent;
        return _parent;
    }

    /// <summary>Like <see cref="OpenParent"/>, but null when it is not there, and the caller's to close.</summary>
    public SafeFileHandle? TryOpenFolder(ReadOnlySpan<byte> path) =>
        TryOpen(path, Resolve, out var errno)
        ?? (errno is Errno.ENOENT or Errno.ENOTDIR ? null : throw new LinuxException(errno, "openat2", NulTerminated.ToText(path)));

    /// <summary>Like <see cref="TryOpenFolder"/>, but null also where a symbolic link is on the way.</summary>
    public SafeFileHandle? TryOpenExactly(ReadOnlySpan<byte> path) =>
        TryOpen(path, ResolveExactly, out var errno)
        ?? (errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP ? null : throw new LinuxException(errno, "openat2", NulTerminated.ToText(path)));

    /// <summary>The archive has an entry for this folder.</summary>
    public void Declare(SafeFileHandle openFolder)
    {
        if (Implied.Count > 0)
        {
            Implied.Remove(PathOf(openFolder));
        }
    }

    /// <summary>Removes what is at the path, with all in it; nothing there is fine.</summary>
    public void Remove(LayerPath path)
    {
        FolderTree.Remove(OpenParent(path), path.Name);
    }

    /// <summary>Type and permission bits of what is at the path, a link itself; null when nothing is.</summary>
    public uint? TryGetMode(LayerPath path) => TryStat(OpenParent(path), path.Name)?.stx_mode;

    /// <summary>True for a whiteout: a character device 0:0.</summary>
    public bool IsWhiteout(LayerPath path) => IsWhiteout(TryStat(OpenParent(path), path.Name));

    /// <summary>Sets an attribute on whatever kind of file the descriptor is, O_PATH ones included. False where the file system has none.</summary>
    public static bool SetXattr(SafeFileHandle fd, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        // fsetxattr refuses O_PATH; the link in /proc leads to the very file, also when that is a symbolic link.
        var path = NulTerminated.FromString($"/proc/self/fd/{fd.DangerousGetHandle()}");
        return Check.Tolerate(setxattr(path, name, value, value.Length, 0), Errno.EOPNOTSUPP, "setxattr", NulTerminated.ToText(name));
    }

    /// <summary>Hides what lower layers have in the folder.</summary>
    /// <exception cref="LinuxException">EOPNOTSUPP: the file system cannot hold an overlay's layers.</exception>
    public static void SetOpaque(SafeFileHandle fd)
    {
        if (!SetXattr(fd, Whiteouts.OpaqueXattr, Whiteouts.OpaqueValue))
        {
            throw new LinuxException(Errno.EOPNOTSUPP, "setxattr", "trusted.overlay.opaque");
        }
    }

    private static bool IsWhiteout(statx_t? stat) =>
        stat is { stx_rdev_major: 0, stx_rdev_minor: 0 } found && (found.stx_mode & S_IFMT) == S_IFCHR;

    private static statx_t? TryStat(SafeFileHandle parent, ReadOnlySpan<byte> name) =>
        Check.Tolerate(statx(parent, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, out var stat), Errno.ENOENT, "statx", NulTerminated.ToText(name))
            ? stat
            : null;

    /// <summary>mkdir -p within the layer, each step resolved anew.</summary>
    private SafeFileHandle MakeFolders(byte[] path)
    {
        var current = TryOpenFolder(".\0"u8)!;
        try
        {
            for (var start = 0; start < path.Length - 1;)
            {
                var slash = path.AsSpan(start).IndexOf((byte)'/');
                var end = slash < 0 ? path.Length - 1 : start + slash;
                var next = OpenOrMakeFolder(current, [.. path.AsSpan(0, end), 0], [.. path.AsSpan(start, end - start), 0]);
                current.Dispose();
                current = next;
                start = end + 1;
            }

            return current;
        }
        catch
        {
            current.Dispose();
            throw;
        }
    }

    private SafeFileHandle OpenOrMakeFolder(SafeFileHandle parent, byte[] path, byte[] name)
    {
        // A whiteout and then something in the folder it hides: the folder is new, nothing of the one below shows.
        if (IsWhiteout(TryStat(parent, name)))
        {
            Check.Result(unlinkat(parent, name, 0), "unlinkat", NulTerminated.ToText(name));
            var folder = MakeFolder(parent, name);
            SetOpaque(folder);
            return folder;
        }

        return TryOpenFolder(path) ?? MakeFolder(parent, name);
    }

    private SafeFileHandle MakeFolder(SafeFileHandle parent, byte[] name)
    {
        Check.Result(mkdirat(parent, name, ImpliedFolderMode), "mkdirat", NulTerminated.ToText(name));
        var folder = Check.Result(openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0), "openat", NulTerminated.ToText(name));
        Check.Result(fchmod(folder, ImpliedFolderMode), "fchmod"); // the umask is not the archive's
        Implied.Add(PathOf(folder));
        return folder;
    }

    private SafeFileHandle? TryOpen(ReadOnlySpan<byte> path, ulong resolve, out Errno errno)
    {
        var how = new open_how { flags = O_PATH | O_DIRECTORY | O_CLOEXEC, resolve = resolve };
        var fd = openat2(SYS_openat2, _root, path, how, Marshal.SizeOf<open_how>());
        errno = fd >= 0 ? Errno.None : Check.LastErrno;
        return fd >= 0 ? new SafeFileHandle((nint)fd, ownsHandle: true) : null;
    }

    /// <summary>Relative to the root, every symbolic link resolved; empty for the root itself.</summary>
    private byte[] PathOf(SafeFileHandle openFolder) =>
        KernelPathOf(openFolder) is var path && path.Length > _rootPathBytes ? path[(_rootPathBytes + 1)..] : [];

    private static byte[] KernelPathOf(SafeFileHandle fd)
    {
        var buffer = new byte[2 * PathMax];
        var link = NulTerminated.FromString($"/proc/self/fd/{fd.DangerousGetHandle()}");
        return buffer[..(int)Check.Result(readlinkat(fd, link, buffer, buffer.Length), "readlinkat")];
    }

    private void ForgetParent()
    {
        _parent?.Dispose();
        _parent = null;
        _parentPath = [];
    }
}
