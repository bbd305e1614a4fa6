namespace CriShim.CriServer.Containers.Dumps;

/// <summary>Where checkpoints lie while they are made, a folder of the container's id for each, readable by root alone.</summary>
internal sealed class DumpFolders
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _root;

    /// <summary>What a server that was killed left there is deleted.</summary>
    public DumpFolders(string root)
    {
        _root = root;
        Delete(root);
    }

    /// <summary>Makes the container's, empty.</summary>
    public DumpFolder Make(string containerId)
    {
        Remove(containerId);
        return new DumpFolder(Directory.CreateDirectory(Path.Combine(_root, containerId), FolderMode).FullName);
    }

    public void Remove(string containerId) => Delete(Path.Combine(_root, containerId));

    private static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

/// <summary>One checkpoint while it is made.</summary>
/// <param name="Path">Absolute; what criu writes beside its images lies right in it.</param>
internal sealed record DumpFolder(string Path)
{
    /// <summary>criu's images, one file beside the other.</summary>
    public string Images => System.IO.Path.Combine(Path, "checkpoint");

    public string RootDiff => System.IO.Path.Combine(Path, DumpArchive.RootDiffFile);
}
