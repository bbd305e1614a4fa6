using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Supervisor;

/// <summary>
/// Small files of the container's folder, replaced by rename: a reader sees all or nothing. The folder lies in memory (/run), so there
/// is nothing to sync.
/// </summary>
internal static class RecordFile
{
    private const uint Mode = 0b110_000_000;

    public static void Write(string folder, string name, ReadOnlySpan<byte> bytes)
    {
        var path = Path.Combine(folder, name);
        using var directory = Fd.Open(folder, O_PATH | O_DIRECTORY);
        var temporary = $".{name}.tmp";
        using (var file = Fd.OpenAt(directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, Mode))
        {
            Fd.WriteAll(file, bytes, path);
        }

        Check.Result(renameat(directory, temporary, directory, name), "rename", path);
    }
}
