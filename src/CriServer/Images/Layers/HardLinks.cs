using CriShim.CriServer.Images.Content;
using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Layers;

/// <summary>Further names of a file of the same layer.</summary>
internal static class HardLinks
{
    /// <summary>False when the target is not there (yet).</summary>
    /// <exception cref="ContentException">The target is no file.</exception>
    public static bool TryMake(LayerFolder folder, LayerPath target, LayerPath path)
    {
        using var targetParent = folder.TryOpenFolder(target.Parent);
        if (targetParent is null)
        {
            return false;
        }

        if (Link(folder, targetParent, target, path) is var errno && errno == Errno.EEXIST)
        {
            folder.Remove(path);
            errno = Link(folder, targetParent, target, path);
        }

        return errno switch
        {
            Errno.None => true,
            Errno.ENOENT => false,
            Errno.EPERM => throw new ContentException($"archive entry \"{path}\" is a hard link to something that is no file: \"{target}\""),
            _ => throw new LinuxException(errno, "linkat", path.ToString()),
        };
    }

    private static Errno Link(LayerFolder folder, Microsoft.Win32.SafeHandles.SafeFileHandle targetParent, LayerPath target, LayerPath path) =>
        linkat(targetParent, target.Name, folder.OpenParent(path), path.Name, 0) == 0 ? Errno.None : Check.LastErrno;
}
