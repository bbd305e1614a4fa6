using CriShim.Linux;

namespace CriShim.Cgroups;

/// <summary>A cgroup operation that failed: which controller, file and value. Errno is <see cref="Errno.None"/> when no call failed.</summary>
public sealed class CgroupException : Exception
{
    public CgroupException(string message, Errno errno = Errno.None, Exception? cause = null)
        : base(message, cause)
    {
        Errno = errno;
    }

    /// <summary>A value that the kernel refused.</summary>
    public CgroupException(string file, string value, Errno errno, string? explanation = null)
        : base(Describe(file, value, errno, explanation))
    {
        Errno = errno;
        File = file;
        Value = value;
    }

    public Errno Errno { get; }

    /// <summary>Full path of the file, where there was one; its base name begins with the controller's name.</summary>
    public string? File { get; }

    public string? Value { get; }

    private static string Describe(string file, string value, Errno errno, string? explanation)
    {
        var cause = new LinuxException(errno, "write").Message;
        return explanation is null
            ? $"failed to set {Path.GetFileName(file)} to \"{value}\" in \"{Path.GetDirectoryName(file)}\": {cause}"
            : $"failed to set {Path.GetFileName(file)} to \"{value}\" in \"{Path.GetDirectoryName(file)}\": {cause} ({explanation})";
    }
}
