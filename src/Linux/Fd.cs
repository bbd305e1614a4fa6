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
        while (true)
        {
            var count = read(fd, buffer, buffer.Length);
            if (count >= 0)
            {
                return (int)count;
            }

            switch (Check.LastErrno)
            {
                case Errno.EINTR: continue;
                case Errno.EAGAIN: return -1;
                case var errno: throw new LinuxException(errno, "read", subject);
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
}
