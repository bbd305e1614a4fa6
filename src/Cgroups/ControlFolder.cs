using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Cgroups;

/// <summary>The control files of one cgroup in one hierarchy. Not sealed: a test records what is written, in order.</summary>
internal class ControlFolder(string path)
{
    public string Path { get; } = path;

    public string FilePath(string file) => Path + "/" + file;

    /// <summary>The kernel's answer; <see cref="Errno.None"/> on success. All writes come through here.</summary>
    public virtual Errno TryWrite(string file, string value) => CgroupFile.TryWrite(FilePath(file), value);

    /// <summary>Writes each value with a write(2) of its own to a file opened once.</summary>
    public virtual void WriteEach(string file, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
        {
            return;
        }

        using var fd = CgroupFile.TryOpen(FilePath(file), O_WRONLY, out var errno);
        for (var i = 0; i < values.Count; i++)
        {
            errno = errno == Errno.None ? CgroupFile.TryWrite(fd, values[i]) : errno;
            if (errno != Errno.None)
            {
                throw Refused(file, values[i], errno);
            }
        }
    }

    /// <exception cref="CgroupException">Names file, value and errno.</exception>
    public void Write(string file, string value)
    {
        if (TryWrite(file, value) is var errno && errno != Errno.None)
        {
            throw Refused(file, value, errno);
        }
    }

    public void Write(string file, long value) => Write(file, value.ToString());

    public void Write(string file, ulong value) => Write(file, value.ToString());

    /// <summary>Writes, but a kernel without this file is no error.</summary>
    public void WriteIfPresent(string file, string value)
    {
        if (TryWrite(file, value) is var errno && errno is not (Errno.None or Errno.ENOENT))
        {
            throw Refused(file, value, errno);
        }
    }

    /// <summary>Writes the first of two names that the kernel has.</summary>
    public void WriteEither(string file, string otherFile, string value)
    {
        var errno = TryWrite(file, value);
        if (errno == Errno.ENOENT)
        {
            Write(otherFile, value);
        }
        else if (errno != Errno.None)
        {
            throw Refused(file, value, errno);
        }
    }

    /// <summary>
    /// Writes two settings that bound each other: where the kernel refuses the first for the second's old value, it is written again
    /// after the second.
    /// </summary>
    public void WriteBound(string file, string? value, string otherFile, string? otherValue)
    {
        var errno = value is null ? Errno.None : TryWrite(file, value);
        if (errno != Errno.None && (errno != Errno.EINVAL || otherValue is null))
        {
            throw Refused(file, value!, errno);
        }

        if (otherValue is not null)
        {
            Write(otherFile, otherValue);
        }

        if (errno != Errno.None)
        {
            Write(file, value!);
        }
    }

    /// <summary>Text without the last newline, or null when the file is not there.</summary>
    public string? Read(string file) => CgroupFile.ReadIfPresent(FilePath(file))?.TrimEnd('\n');

    public CgroupException Refused(string file, string value, Errno errno, string? explanation = null) =>
        new(FilePath(file), value, errno, explanation ?? Explain(errno));

    private static string? Explain(Errno errno) => errno switch
    {
        Errno.ENOENT => "the kernel or this cgroup has no such setting",
        _ => null,
    };
}
