using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>A file that only grows. A full disk is an answer, not an exception: who writes a log must be able to go on.</summary>
public sealed class AppendFile : IDisposable
{
    private readonly SafeFileHandle _fd;

    private AppendFile(SafeFileHandle fd) => _fd = fd;

    /// <summary>
    /// Opens or makes the file, and its folder. A symbolic link at the end of the path is refused (ELOOP), a fifo without a reader too
    /// (ENXIO). Throws <see cref="LinuxException"/>.
    /// </summary>
    public static AppendFile Open(string path, uint mode)
    {
        const int Flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
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
}
