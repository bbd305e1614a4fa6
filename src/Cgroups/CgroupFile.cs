using System.Text;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Cgroups;

/// <summary>Reading and writing of control files. No O_TRUNC, no O_CREAT: kernfs answers the first with a global lock.</summary>
internal static class CgroupFile
{
    private const int ReadStep = 4096;

    /// <summary>Writes in one write(2), as control files want it. <see cref="CgroupException"/> names file, value and errno.</summary>
    public static void Write(string path, string value, string? explanation = null)
    {
        if (TryWrite(path, value) is var errno && errno != Errno.None)
        {
            throw new CgroupException(path, value, errno, explanation);
        }
    }

    /// <summary>The kernel's answer to open or write; <see cref="Errno.None"/> on success.</summary>
    public static Errno TryWrite(string path, string value)
    {
        using var fd = TryOpen(path, O_WRONLY, out var errno);
        return errno == Errno.None ? TryWrite(fd, value) : errno;
    }

    /// <summary>One write(2) to an open control file.</summary>
    public static Errno TryWrite(SafeFileHandle fd, string value)
    {
        Span<byte> buffer = stackalloc byte[256];
        var bytes = value.Length <= 256 && Encoding.UTF8.TryGetBytes(value, buffer, out var length)
            ? buffer[..length]
            : Encoding.UTF8.GetBytes(value);
        while (write(fd, bytes, bytes.Length) < 0)
        {
            if (Check.LastErrno is var errno && errno != Errno.EINTR)
            {
                return errno;
            }
        }

        return Errno.None;
    }

    /// <summary>All text of a file. <see cref="LinuxException"/> when it cannot be read.</summary>
    public static string Read(string path) => TryRead(path, out var text) is var errno && errno == Errno.None
        ? text
        : throw new LinuxException(errno, "read", path);

    /// <summary>All text of a file, or null when the file or its folder is gone, or the kernel has no such counter.</summary>
    public static string? ReadIfPresent(string path) => TryRead(path, out var text) switch
    {
        Errno.None => text,
        Errno.ENOENT or Errno.ENODEV or Errno.EOPNOTSUPP or Errno.ENOTDIR => null,
        var errno => throw new LinuxException(errno, "read", path),
    };

    /// <summary>Names of the files in a folder that begin and end so; none when the folder is gone.</summary>
    public static IEnumerable<string> Names(string folder, string prefix, string suffix)
    {
        try
        {
            return Directory.GetFiles(folder, prefix + "*" + suffix).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Opens close-on-exec; an expected failure costs no exception. Invalid unless <paramref name="errno"/> is None.</summary>
    public static SafeFileHandle TryOpen(string path, int flags, out Errno errno)
    {
        while (true)
        {
            var fd = openat(AT_FDCWD, path, flags | O_CLOEXEC, 0);
            errno = fd.IsInvalid ? Check.LastErrno : Errno.None;
            if (errno != Errno.EINTR)
            {
                return fd;
            }

            fd.Dispose();
        }
    }

    private static Errno TryRead(string path, out string text)
    {
        text = "";
        using var fd = TryOpen(path, O_RDONLY, out var errno);
        if (errno != Errno.None)
        {
            return errno;
        }

        Span<byte> buffer = stackalloc byte[ReadStep];
        var length = 0;
        while (true)
        {
            var count = read(fd, buffer[length..], buffer.Length - length);
            if (count < 0 && Check.LastErrno is var failure)
            {
                if (failure == Errno.EINTR)
                {
                    continue;
                }

                return failure;
            }

            if (count == 0)
            {
                text = Encoding.UTF8.GetString(buffer[..length]);
                return Errno.None;
            }

            length += (int)count;
            if (length == buffer.Length)
            {
                var larger = new byte[buffer.Length * 2];
                buffer.CopyTo(larger);
                buffer = larger;
            }
        }
    }
}
