using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Linux;

/// <summary>
/// Replacement of a small file by rename: a reader, and whoever comes after a kill, sees the old or the new bytes, never less. A killed
/// write can leave a file whose name starts with a dot and ends in <c>.tmp</c>.
/// </summary>
public static class AtomicFile
{
    private const uint OwnerOnly = 0x180; // 0600

    /// <param name="mode">Permission bits, less the umask.</param>
    /// <param name="durable">
    /// True: file and folder are on the disk on return (fsync). False where a power cut may take the file, as under /run, or where
    /// somebody else sees to it.
    /// </param>
    public static void Write(string path, ReadOnlySpan<byte> bytes, uint mode = OwnerOnly, bool durable = true)
    {
        var folderPath = Path.GetDirectoryName(path)!;
        var name = Path.GetFileName(path);
        var temporary = $".{name}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.tmp";
        using var folder = Fd.Open(folderPath, O_RDONLY | O_DIRECTORY);
        try
        {
            using (var file = Fd.OpenAt(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode))
            {
                Fd.WriteAll(file, bytes, path);
                Sync(file, durable, path);
            }

            Check.Result(renameat(folder, temporary, folder, name), "rename", path);
            Sync(folder, durable, folderPath);
        }
        catch
        {
            _ = unlinkat(folder, temporary, 0);
            throw;
        }
    }

    /// <summary>Removes what killed writers left in the folder, where nobody writes now.</summary>
    public static void RemoveLeftovers(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, ".*.tmp"))
        {
            File.Delete(path);
        }
    }

    private static void Sync(SafeFileHandle fd, bool durable, string path)
    {
        if (durable)
        {
            Check.Result(fsync(fd), "fsync", path);
        }
    }
}
