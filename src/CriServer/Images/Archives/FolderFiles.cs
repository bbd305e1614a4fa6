using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Archives;

/// <summary>The files of a folder; links in it stay in it.</summary>
internal sealed class FolderFiles(string path) : IArchiveFiles
{
    private readonly SafeFileHandle _root = Fd.Open(path, O_RDONLY | O_DIRECTORY);

    public Stream? Open(string path)
    {
        try
        {
            return FileInRoot.OpenRegular(_root, path) is { } file ? new FileStream(file, FileAccess.Read, bufferSize: 0) : null;
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            return null;
        }
    }

    public void Dispose() => _root.Dispose();
}
