using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>A file that only grows. A full disk is an answer, not an exception: who writes a log must be able to go on.</summary>
public sealed class AppendFile : IDisposable
{
    private const int Flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
    private const uint FolderMode = 0b111_101_101;

    private readonly SafeFileHandle _fd;

    private AppendFile(SafeFileHandle fd) => _fd = fd;

    /// <summary>
    /// Opens or makes the file, and its folder. A symbolic link at the end of the path is refused (ELOOP), a fifo without a reader too
    /// (ENXIO). Throws <see cref="LinuxException"/>.
    /// </summary>
    public static AppendFile Open(string path, uint mode)
    {
        try
        {
            return new AppendFile(Fd.Open(path, Flags, mode));
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT && Path.GetDirectoryName(path) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
            return new AppendFile(Fd.Open(path, Flags, mode));
        }
    }

    /// <summary>As <see cref="Open"/>, but a symbolic link anywhere in the absolute path is refused (ELOOP; openat2(2) RESOLVE_NO_SYMLINKS).</summary>
    public static AppendFile OpenWithoutLinks(string path, uint mode)
    {
        try
        {
            return new AppendFile(OpenAbsolute(path, Flags, mode));
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT && Path.GetDirectoryName(path) is { } folder)
        {
            using var parent = MakeFolder(folder);
            return new AppendFile(Fd.OpenAt(parent, Path.GetFileName(path), Flags, mode));
        }
    }

    /// <summary>Writes as much as the file takes. Fewer bytes than given: <paramref name="errno"/> says why the rest was refused.</summary>
    public int Write(ReadOnlySpan<byte> bytes, out Errno errno)
    {
        var total = 0;
        errno = Errno.None;
        while (total < bytes.Length)
        {
            var count = write(_fd, bytes[total..], bytes.Length - total);
            if (count >= 0)
            {
                total += (int)count;
            }
            else if (Check.LastErrno is var error && error != Errno.EINTR)
            {
                errno = error;
                break;
            }
        }

        return total;
    }

    public void Dispose() => _fd.Dispose();

    private static SafeFileHandle MakeFolder(string path)
    {
        try
        {
            return OpenAbsolute(path, O_PATH | O_DIRECTORY, 0);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT && Path.GetDirectoryName(path) is { } above)
        {
            using var parent = MakeFolder(above);
            Check.Tolerate(mkdirat(parent, Path.GetFileName(path), FolderMode), Errno.EEXIST, "mkdirat", path);
            return OpenAbsolute(path, O_PATH | O_DIRECTORY, 0);
        }
    }

    private static SafeFileHandle OpenAbsolute(string path, int flags, uint mode)
    {
        var how = new open_how { flags = (ulong)(uint)(flags | O_CLOEXEC), mode = mode, resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
        while (true)
        {
            var fd = openat2(SYS_openat2, AT_FDCWD, path, how, Unsafe.SizeOf<open_how>());
            if (fd >= 0)
            {
                return new SafeFileHandle((nint)fd, ownsHandle: true);
            }

            // EAGAIN: a rename crossed the look-up.
            if (Check.LastErrno is var errno && errno is not (Errno.EAGAIN or Errno.EINTR))
            {
                throw new LinuxException(errno, "openat2", path);
            }
        }
    }
}
