using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.State;

/// <summary>Durable replacement of a small file: temp, fsync, rename, fsync of the folder. A reader sees the old or the new bytes, never less.</summary>
public static class AtomicFile
{
    /// <param name="durable">False where a power loss may take the file with it (under /run).</param>
    public static void Write(string path, ReadOnlySpan<byte> bytes, uint mode = 0x180 /* 0600 */, bool durable = true)
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

    private static void Sync(SafeFileHandle fd, bool durable, string path)
    {
        if (durable)
        {
            Check.Result(fsync(fd), "fsync", path);
        }
    }
}
