using CriShim.Linux;
using CriShim.Runtime.Contract;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Logging;

/// <summary>
/// Where a container's log is. Its folder may be reached through the node's own symbolic links, which are resolved once, when the container is
/// made; no link that is there later, or below the folder, leads the log elsewhere: a container may write to the folder of logs.
/// </summary>
internal sealed class LogPlace
{
    private const uint FileMode = 0b110_100_000;

    private readonly string _path;

    /// <summary>Throws <see cref="LinuxException"/>, <see cref="IOException"/>, <see cref="RuntimeException"/> (InvalidArgument).</summary>
    /// <param name="path">Absolute path of the file.</param>
    /// <param name="folder">The folder that it must not leave; null: its own.</param>
    public LogPlace(string path, string? folder)
    {
        folder ??= Path.GetDirectoryName(path) ?? "/";
        if (!path.StartsWith(folder + "/", StringComparison.Ordinal))
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to open log \"{path}\": it is not in \"{folder}\"");
        }

        Directory.CreateDirectory(folder);
        using var place = Fd.Open(folder, O_PATH | O_DIRECTORY);
        var real = new FileInfo($"/proc/self/fd/{place.DangerousGetHandle()}").LinkTarget
            ?? throw new LinuxException(Errno.ENOENT, "readlink", folder);
        _path = real + path[folder.Length..];
    }

    /// <summary>Opens or makes the file, and folders that are missing. Throws <see cref="LinuxException"/> (ELOOP: there is a link).</summary>
    public AppendFile Open() => AppendFile.OpenWithoutLinks(_path, FileMode);
}
