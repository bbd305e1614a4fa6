using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>
/// A folder that foreign hands may have filled, used as a root: every path is resolved by the kernel in one step and never leaves it
/// (openat2(2) RESOLVE_IN_ROOT), links that jump out of the tree (/proc/PID/fd) are refused, and all work is on the descriptors
/// returned. Paths may begin with "/", which means the root. Throws <see cref="LinuxException"/>.
/// </summary>
public sealed class RootFd(SafeFileHandle folder) : IDisposable
{
    private const ulong Resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    private const int MaxAttempts = 64;

    public SafeFileHandle Folder { get; } = folder;

    /// <summary>Opens an existing file. Links in the path are followed inside the root unless <paramref name="flags"/> has O_NOFOLLOW (last one).</summary>
    public SafeFileHandle Open(string path, int flags) => TryOpen(path, flags, 0, out var fd) is var errno && errno == Errno.None
        ? fd!
        : throw new LinuxException(errno, "openat2", path);

    /// <summary>Null when nothing is there (ENOENT, ENOTDIR).</summary>
    public SafeFileHandle? OpenIfPresent(string path, int flags) => TryOpen(path, flags, 0, out var fd) switch
    {
        Errno.None => fd,
        Errno.ENOENT or Errno.ENOTDIR => null,
        var errno => throw new LinuxException(errno, "openat2", path),
    };

    /// <summary>Opens a folder (O_PATH), making it and its parents where they are missing.</summary>
    public SafeFileHandle MakeFolders(string path, uint mode = 0b111_101_101)
    {
        var errno = TryOpen(path, O_PATH | O_DIRECTORY, 0, out var fd);
        if (errno != Errno.ENOENT)
        {
            return errno == Errno.None ? fd! : throw new LinuxException(errno, "openat2", path);
        }

        var (parentPath, name) = Split(path);
        using var parent = parentPath == path ? throw new LinuxException(errno, "openat2", path) : MakeFolders(parentPath, mode);
        RequirePlainName(name, path);

        // A dangling link has the name already; the kernel makes nothing through it, and the open below fails.
        Check.Tolerate(mkdirat(parent, name, mode), Errno.EEXIST, "mkdirat", path);
        return Open(path, O_PATH | O_DIRECTORY);
    }

    /// <summary>Opens a file or anything but a folder (O_PATH), making an empty file and its parents where they are missing.</summary>
    public SafeFileHandle MakeFile(string path, uint mode = 0b110_100_100)
    {
        var errno = TryOpen(path, O_PATH, 0, out var fd);
        if (errno != Errno.ENOENT)
        {
            return errno == Errno.None ? fd! : throw new LinuxException(errno, "openat2", path);
        }

        var (parentPath, name) = Split(path);
        using var parent = MakeFolders(parentPath);
        RequirePlainName(name, path);
        using (var made = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode))
        {
            if (made.IsInvalid && Check.LastErrno is var failure && failure != Errno.EEXIST)
            {
                throw new LinuxException(failure, "openat", path);
            }
        }

        return Open(path, O_PATH);
    }

    /// <summary>A folder and the last name in it: (the folder opened by <see cref="MakeFolders"/>, the name).</summary>
    public (SafeFileHandle Folder, string Name) MakeParent(string path)
    {
        var (parentPath, name) = Split(path);
        RequirePlainName(name, path);
        return (MakeFolders(parentPath), name);
    }

    public void Dispose() => Folder.Dispose();

    /// <summary>openat2 is restarted when the tree changed meanwhile (EAGAIN), a bounded number of times.</summary>
    private unsafe Errno TryOpen(string path, int flags, uint mode, out SafeFileHandle? fd)
    {
        var how = new open_how { flags = (ulong)(uint)(flags | O_CLOEXEC), mode = mode, resolve = Resolve };
        var name = NulTerminated.FromString(path.Length == 0 ? "." : path);
        for (var attempt = 0; ; attempt++)
        {
            var result = openat2(SYS_openat2, Folder, name, how, sizeof(open_how));
            if (result >= 0)
            {
                fd = new SafeFileHandle((nint)result, ownsHandle: true);
                return Errno.None;
            }

            fd = null;
            if (Check.LastErrno is var errno && (errno is not (Errno.EAGAIN or Errno.EINTR) || attempt == MaxAttempts))
            {
                return errno;
            }
        }
    }

    private static (string Parent, string Name) Split(string path)
    {
        var trimmed = path.TrimEnd('/');
        var slash = trimmed.LastIndexOf('/');
        return slash < 0 ? ("", trimmed) : (trimmed[..(slash + 1)].TrimEnd('/'), trimmed[(slash + 1)..]);
    }

    private static void RequirePlainName(string name, string path)
    {
        if (name is "" or "." or "..")
        {
            throw new LinuxException(Errno.EINVAL, "openat2", path);
        }
    }
}
