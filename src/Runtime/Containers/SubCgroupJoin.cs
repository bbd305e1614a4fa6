using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Containers;

/// <summary>
/// Cgroups below a container's own, which it made for itself, for a process that joins them. Throws <see cref="RuntimeException"/> where
/// one is missing or would be outside.
/// </summary>
internal static class SubCgroupJoin
{
    /// <param name="places">"path" for every hierarchy, or "controller[,controller…]:path" for those of v1.</param>
    public static CgroupJoin Open(ICgroupManager cgroup, IReadOnlyList<string> places)
    {
        var taskFiles = new List<SafeFileHandle>();
        SafeFileHandle? folder = null;
        try
        {
            // A hierarchy that the container is not in (yet) is left alone.
            foreach (var hierarchy in cgroup.Folders.Where(hierarchy => Directory.Exists(hierarchy.Path)))
            {
                var path = hierarchy.Path + "/" + PathFor(hierarchy, places);
                if (hierarchy.Controllers.Length == 0)
                {
                    folder = Fd.Open(path, O_RDONLY | O_DIRECTORY);
                }
                else
                {
                    taskFiles.Add(Fd.Open(path + "/tasks", O_WRONLY));
                }
            }

            return new CgroupJoin(taskFiles, folder);
        }
        catch (LinuxException e)
        {
            taskFiles.ForEach(file => file.Dispose());
            folder?.Dispose();
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to join --cgroup {string.Join(' ', places)}: {e.Message}", e);
        }
    }

    /// <summary>The last place that names the hierarchy, or all of them; empty: the container's own.</summary>
    private static string PathFor(CgroupFolder hierarchy, IReadOnlyList<string> places)
    {
        var result = "";
        foreach (var place in places)
        {
            var colon = place.IndexOf(':');
            var path = place[(colon + 1)..].Trim('/');
            if (path.Split('/').Contains(".."))
            {
                throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"--cgroup {place}: leaves the container's cgroup");
            }

            var names = colon < 0 ? [] : place[..colon].Split(',');
            result = colon < 0 || hierarchy.Controllers.Split(',').Intersect(names).Any() ? path : result;
        }

        return result;
    }
}
