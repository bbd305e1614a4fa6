using CriShim.Linux;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Cgroups;

/// <summary>Folders of one hierarchy: making, walking and removing them. The same in v1 and v2.</summary>
internal static class CgroupTree
{
    private const uint FolderMode = 0x1ED; // 0755

    /// <summary>Makes a folder, and parents that are missing. True when the folder itself was made now.</summary>
    public static bool Make(string path)
    {
        var errno = TryMake(path);
        if (errno == Errno.ENOENT && Path.GetDirectoryName(path) is { } parent)
        {
            Make(parent);
            errno = TryMake(path);
        }

        return errno switch
        {
            Errno.None => true,
            Errno.EEXIST => false,
            _ => throw new LinuxException(errno, "mkdir", path),
        };
    }

    /// <summary>
    /// Makes a container's own folder. One left behind by an earlier life is replaced, so that no limit survives; one with children
    /// of another's making is used as it is; one with processes is refused (EBUSY).
    /// </summary>
    public static void MakeNew(string path)
    {
        if (Make(path) || (RemoveFolder(path) == Errno.None && Make(path)))
        {
            return;
        }

        if (Pids(path, recursive: false).Count > 0)
        {
            throw new CgroupException($"failed to create cgroup \"{path}\": it exists and has processes", Errno.EBUSY);
        }
    }

    /// <summary>
    /// rmdir(2) first: most cgroups have no children, and a listing costs more. Errno is EBUSY when processes are left in the
    /// folder or below it. Success when there is nothing.
    /// </summary>
    public static Errno TryRemove(string path)
    {
        var errno = RemoveFolder(path);
        if (errno is not (Errno.EBUSY or Errno.ENOTEMPTY))
        {
            return errno;
        }

        foreach (var child in Children(path))
        {
            var failure = TryRemove(child);
            if (failure != Errno.None)
            {
                return failure;
            }
        }

        return RemoveFolder(path);
    }

    /// <summary>Ids in cgroup.procs of the folder, and of all below it.</summary>
    public static List<int> Pids(string path, bool recursive)
    {
        var pids = new List<int>();
        CollectPids(path, recursive, pids);
        return pids;
    }

    /// <summary>Folders directly below; none when the folder is gone.</summary>
    public static string[] Children(string path)
    {
        try
        {
            return Directory.GetDirectories(path);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static void CollectPids(string path, bool recursive, List<int> pids)
    {
        // A threaded cgroup (cgroups(7)) answers EOPNOTSUPP: its processes are those of the threaded domain above it.
        foreach (var line in (CgroupFile.ReadIfPresent(path + "/cgroup.procs") ?? "").AsSpan().EnumerateLines())
        {
            if (int.TryParse(line, out var pid) && pid > 0)
            {
                pids.Add(pid);
            }
        }

        if (recursive)
        {
            foreach (var child in Children(path))
            {
                CollectPids(child, recursive, pids);
            }
        }
    }

    private static Errno TryMake(string path) => mkdirat(AT_FDCWD, path, FolderMode) == 0 ? Errno.None : Check.LastErrno;

    private static Errno RemoveFolder(string path)
    {
        if (rmdir(path) == 0)
        {
            return Errno.None;
        }

        return Check.LastErrno is var errno && errno == Errno.ENOENT ? Errno.None : errno;
    }
}
