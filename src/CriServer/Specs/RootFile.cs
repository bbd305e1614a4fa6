using CriShim.CriServer.Errors;
using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Specs;

/// <summary>
/// Reads a text file of an image: hostile, so it is opened inside its root, must be a regular file, is read in pieces and only so far
/// (CVE-2026-47262).
/// </summary>
internal static class RootFile
{
    private const int MaximumBytes = 10 * 1024 * 1024;
    private const int MaximumLineBytes = 64 * 1024;

    /// <summary>Sees one line without its end; false stops the reading.</summary>
    public delegate bool LineReader(ReadOnlySpan<byte> line);

    /// <summary>A missing file has no lines.</summary>
    /// <exception cref="CriException">InvalidArgument: not a regular file, too large, or a line that is too long.</exception>
    public static void ReadLines(SafeFileHandle rootfs, string path, LineReader read)
    {
        using var file = Open(rootfs, path);
        if (file is null)
        {
            return;
        }

        var buffer = new byte[MaximumLineBytes];
        var total = 0;
        var filled = 0;
        while (Fd.Read(file, buffer.AsSpan(filled), path) is > 0 and var count)
        {
            total += count;
            filled += count;
            if (total > MaximumBytes)
            {
                throw Refused(path, $"it is larger than {MaximumBytes} bytes");
            }

            var rest = TakeLines(buffer.AsSpan(0, filled), read);
            if (rest < 0)
            {
                return;
            }

            buffer.AsSpan(filled - rest, rest).CopyTo(buffer);
            filled = rest;
            if (filled == buffer.Length)
            {
                throw Refused(path, $"it has a line of more than {MaximumLineBytes} bytes");
            }
        }

        if (filled > 0)
        {
            read(buffer.AsSpan(0, filled));
        }
    }

    /// <summary>Hands out all complete lines; returns the length of what follows them, or -1 when the reader has enough.</summary>
    private static int TakeLines(ReadOnlySpan<byte> text, LineReader read)
    {
        for (var end = text.IndexOf((byte)'\n'); end >= 0; end = text.IndexOf((byte)'\n'))
        {
            if (!read(text[..end]))
            {
                return -1;
            }

            text = text[(end + 1)..];
        }

        return text.Length;
    }

    private static SafeFileHandle? Open(SafeFileHandle rootfs, string path)
    {
        try
        {
            return FileInRoot.OpenRegular(rootfs, path) ?? throw Refused(path, "it is not a regular file");
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            return null;
        }
        catch (LinuxException e) when (e.Errno is Errno.ELOOP or Errno.EXDEV or Errno.EACCES)
        {
            throw Refused(path, e.Message);
        }
    }

    private static CriException Refused(string path, string cause) =>
        CriException.InvalidArgument($"failed to read /{path} of the image: {cause}");
}
