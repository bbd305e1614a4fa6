using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Archives;

/// <summary>A file without a name: gone with its stream, also when the server is killed (open(2), O_TMPFILE).</summary>
internal static class SpoolFile
{
    private const uint Mode = 0x180; // 0600

    /// <param name="folder">Of the file system that it is to lie on.</param>
    public static FileStream Create(string folder) => new(Fd.Open(folder, O_TMPFILE | O_RDWR, Mode), FileAccess.ReadWrite, bufferSize: 0);
}
