using CriShim.CriServer.Images.Content;
using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// What can only be done when the whole archive is unpacked: times of folders, which every entry in them changes, and links to files
/// that come later. Bounded by <see cref="ContentLimits.MaxDeferredBytes"/>.
/// </summary>
internal sealed class DeferredWork
{
    private const int PerItem = 64; // what an item costs beside its names

    private readonly List<(LayerPath Target, LayerPath Path)> _links = [];
    private readonly List<(LayerPath Path, timespec_t[] Times)> _folders = [];
    private long _held;

    public void AddFolderTime(LayerPath path, TarEntry entry)
    {
        Hold(path.Parent.Length + path.Name.Length);
        _folders.Add((path, EntryAttributes.TimesOf(entry)));
    }

    public void AddLink(LayerPath target, LayerPath path)
    {
        Hold(target.Parent.Length + target.Name.Length + path.Parent.Length + path.Name.Length);
        _links.Add((target, path));
    }

    /// <exception cref="ContentException">A link's target never came.</exception>
    public void Finish(LayerFolder folder)
    {
        foreach (var (target, path) in _links)
        {
            if (!HardLinks.TryMake(folder, target, path))
            {
                throw new ContentException($"archive entry \"{path}\" is a hard link to a file that its layer does not have: \"{target}\"");
            }
        }

        // Where a folder has several entries the last one wins; one that was replaced by something else is no longer looked for.
        foreach (var (path, times) in _folders)
        {
            using var found = folder.TryOpenFolder(path.Parent);
            if (found is not null && utimensat(found, path.Name, times, AT_SYMLINK_NOFOLLOW) < 0 && Check.LastErrno != Errno.ENOENT)
            {
                throw new LinuxException(Check.LastErrno, "utimensat", path.ToString());
            }
        }
    }

    private void Hold(int bytes)
    {
        _held += bytes + PerItem;
        if (_held > ContentLimits.MaxDeferredBytes)
        {
            throw new ContentException("archive has too many folders or forward links");
        }
    }
}
