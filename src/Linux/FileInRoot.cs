using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>
/// Opens files of a hostile tree: links, ".." and absolute paths stay below its root, magic links of /proc are refused (openat2(2)).
/// </summary>
public static class FileInRoot
{
    /// <summary>
    /// The regular file at the path, opened for reading; null where it is something else. Opening anything else is never tried: that can
    /// hang or have effects.
    /// </summary>
    /// <exception cref="LinuxException">ENOENT, ELOOP and so on.</exception>
    public static SafeFileHandle? OpenRegular(SafeFileHandle root, string path)
    {
        using var place = Open(root, path, O_PATH);
        return FileStatus.Of(place, path).IsRegular
            ? Fd.Open($"/proc/self/fd/{place.DangerousGetHandle()}", O_RDONLY | O_NOCTTY | O_NONBLOCK)
            : null;
    }

    /// <summary>
    /// openat2(2) with RESOLVE_IN_ROOT and O_CLOEXEC. The kernel answers EAGAIN when a rename crosses the look-up: retried.
    /// </summary>
    public static SafeFileHandle Open(SafeFileHandle root, string path, int flags)
    {
        var how = new open_how { flags = (ulong)(uint)(flags | O_CLOEXEC), resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
        while (true)
        {
            var fd = openat2(SYS_openat2, root, path, how, Unsafe.SizeOf<open_how>());
            if (fd >= 0)
            {
                return new SafeFileHandle((nint)fd, ownsHandle: true);
            }

            if (Check.LastErrno is not (Errno.EAGAIN or Errno.EINTR))
            {
                throw new LinuxException(Check.LastErrno, "openat2", path);
            }
        }
    }
}
