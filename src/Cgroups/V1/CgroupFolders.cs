using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Cgroups.V1;

/// <summary>A cgroup's folders, one in each hierarchy: made, entered and removed together. Throws <see cref="LinuxException"/>.</summary>
internal static class CgroupFolders
{
    /// <summary>All or none.</summary>
    public static void Make(ReadOnlySpan<CgroupFolder> folders)
    {
        var made = new List<string>(folders.Length);
        try
        {
            foreach (var folder in folders)
            {
                Make(folder);
                made.Add(folder.Path);
            }
        }
        catch
        {
            made.ForEach(path => CgroupTree.TryRemove(path));
            throw;
        }
    }

    /// <summary>The files that a task moves itself by.</summary>
    public static List<SafeFileHandle> OpenTasks(ReadOnlySpan<CgroupFolder> folders)
    {
        var files = new List<SafeFileHandle>(folders.Length);
        try
        {
            foreach (var folder in folders)
            {
                files.Add(Fd.Open(folder.Path + "/tasks", O_WRONLY));
            }

            return files;
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>Removes what can be removed; the cgroup2 folder only after all others: its events tell when they are empty.</summary>
    /// <returns>The first that could not be; or <see cref="Errno.None"/>.</returns>
    public static (Errno Errno, string Path) TryRemove(ReadOnlySpan<CgroupFolder> folders)
    {
        (Errno Errno, string Path) first = (Errno.None, "");
        foreach (var folder in folders)
        {
            if (first.Errno != Errno.None && folder.Controllers.Length == 0)
            {
                continue;
            }

            var errno = CgroupTree.TryRemove(folder.Path);
            if (errno != Errno.None && first.Errno == Errno.None)
            {
                first = (errno, folder.Path);
            }
        }

        return first;
    }

    private static void Make(CgroupFolder folder)
    {
        var parent = Path.GetDirectoryName(folder.Path)!;
        if (CgroupHierarchy.ListHas(folder.Controllers, CpusetController.Name) && CgroupTree.Make(parent))
        {
            CpusetController.InheritByDefault(parent);
        }

        CgroupTree.MakeNew(folder.Path);
    }
}
