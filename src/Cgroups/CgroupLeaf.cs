using CriShim.Linux;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Cgroups;

/// <summary>A v2 cgroup below a container's, for one exec'd process and its children. Holds nothing open.</summary>
public sealed class CgroupLeaf
{
    private readonly V2.ProcessFolder _folder;

    internal CgroupLeaf(string path)
    {
        Path = path;
        _folder = new V2.ProcessFolder(path);
    }

    /// <summary>Null where the kernel allows no child here (a threaded cgroup, or a limit on descendants).</summary>
    internal static CgroupLeaf? Create(string parent, string name)
    {
        if (name.Length == 0 || name is "." or ".." || name.Contains('/'))
        {
            throw new CgroupException($"failed to create leaf cgroup \"{name}\": not a name", Errno.EINVAL);
        }

        var path = parent + "/" + name;
        try
        {
            CgroupTree.MakeNew(path);
            return new CgroupLeaf(path);
        }
        catch (LinuxException error) when (error.Errno is Errno.EAGAIN or Errno.EOPNOTSUPP)
        {
            return null;
        }
    }

    /// <summary>Absolute path of the folder.</summary>
    public string Path { get; }

    internal SafeFileHandle OpenFolder() => _folder.OpenFolder();

    /// <summary>False when all its processes have ended.</summary>
    public bool IsPopulated() => _folder.IsPopulated();

    /// <summary>SIGKILL to all its processes at once; does not wait.</summary>
    public void Kill() => _folder.Kill();

    /// <summary>Removes it, waiting a bounded time for processes that are still ending.</summary>
    public void Remove() => _folder.Remove();
}
