using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>Opening and reading files by descriptor. Every fd is close-on-exec. Throws <see cref="LinuxException"/>.</summary>
public static class Fd
{
    /// <summary>openat(2) relative to the working folder, with O_CLOEXEC.</summary>
    public static SafeFileHandle Open(string path, int flags, uint mode = 0)
    {
        while (true)
        {
            var fd = openat(AT_FDCWD, path, flags | O_CLOEXEC, mode);
            if (!fd.IsInvalid || Check.LastErrno != Errno.EINTR)
            {
                return Check.Result(fd, "open", path);
            }
        }
    }

    /// <summary>openat(2) relative to <paramref name="folder"/>, with O_CLOEXEC.</summary>
    public static SafeFileHandle OpenAt(SafeFileHandle folder, string path, int flags, uint mode = 0)
    {
        while (true)
        {
            var fd = openat(folder, path, flags | O_CLOEXEC, mode);
            if (!fd.IsInvalid || Check.LastErrno != Errno.EINTR)
            {
                return Check.Result(fd, "openat", path);
            }
        }
    }

    /// <summary>Writes all of <paramref name="bytes"/>, retrying EINTR and short writes.</summary>
    public static void WriteAll(SafeFileHandle fd, ReadOnlySpan<byte> bytes, string? subject = null)
    {
        while (!bytes.IsEmpty)
        {
            var written = write(fd, bytes, bytes.Length);
            if (written >= 0)
            {
                bytes = bytes[(int)written..];
            }
            else if (Check.LastErrno is var errno && errno != Errno.EINTR)
            {
                throw new LinuxException(errno, "write", subject);
            }
        }
    }

    /// <summary>Reads once; 0 is end of file. EINTR is retried, EAGAIN gives -1.</summary>
    public static int Read(SafeFileHandle fd, Span<byte> buffer, string? subject = null)
    {
        var count = TryRead(fd, buffer, out var errno);
        return count >= 0 || errno == Errno.EAGAIN ? count : throw new LinuxException(errno, "read", subject);
    }

    /// <summary>Reads once; 0 is end of file, -1 a failure that <paramref name="errno"/> names. EINTR is retried.</summary>
    public static int TryRead(SafeFileHandle fd, Span<byte> buffer, out Errno errno)
    {
        while (true)
        {
            var count = read(fd, buffer, buffer.Length);
            errno = count < 0 ? Check.LastErrno : Errno.None;
            if (errno != Errno.EINTR)
            {
                return (int)count;
            }
        }
    }

    /// <summary>Writes once; -1 is a failure that <paramref name="errno"/> names. EINTR is retried.</summary>
    public static int TryWrite(SafeFileHandle fd, ReadOnlySpan<byte> bytes, out Errno errno)
    {
        while (true)
        {
            var count = write(fd, bytes, bytes.Length);
            errno = count < 0 ? Check.LastErrno : Errno.None;
            if (errno != Errno.EINTR)
            {
                return (int)count;
            }
        }
    }

    /// <summary>Reads to the end. More than <paramref name="maxBytes"/> is EFBIG.</summary>
    public static byte[] ReadAll(SafeFileHandle fd, int maxBytes, string? subject = null)
    {
        var buffer = new byte[4096];
        var length = 0;
        while (Read(fd, buffer.AsSpan(length), subject) is var count and > 0)
        {
            length += count;
            if (length > maxBytes)
            {
                throw new LinuxException(Errno.EFBIG, "read", subject);
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * length);
            }
        }

        return buffer[..length];
    }

    /// <summary>False for a number that no descriptor has.</summary>
    public static bool IsOpen(SafeFileHandle fd) => LibC.Pipes.fcntl(fd, LibC.Pipes.F_GETFD, 0) >= 0;

    /// <summary>True for one that this program was started with: what it has opened itself is closed by an execve.</summary>
    public static bool IsInherited(SafeFileHandle fd) => LibC.Pipes.fcntl(fd, LibC.Pipes.F_GETFD, 0) == 0;

    /// <summary>Another descriptor of the same open file (fcntl(2) F_DUPFD_CLOEXEC).</summary>
    public static SafeFileHandle Duplicate(SafeFileHandle fd) =>
        new(Check.Result(LibC.Pipes.fcntl(fd, LibC.Pipes.F_DUPFD_CLOEXEC, 0), "fcntl(F_DUPFD_CLOEXEC)"), ownsHandle: true);
}
