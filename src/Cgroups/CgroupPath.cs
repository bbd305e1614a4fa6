using CriShim.Linux;

namespace CriShim.Cgroups;

/// <summary>
/// Where a spec's linux.cgroupsPath lies (runtime-spec, config-linux.md, "Cgroups Path"): an absolute path is below the mount
/// point, a relative one below the runtime's own cgroup.
/// </summary>
internal static class CgroupPath
{
    /// <summary>The longest name of a folder (NAME_MAX).</summary>
    private const int LongestName = 255;

    /// <summary>Absolute path of the cgroup's folder in a hierarchy.</summary>
    public static string Resolve(CgroupHierarchy hierarchy, string cgroupsPath)
    {
        var below = cgroupsPath.StartsWith('/') || hierarchy.OwnPath == "/" ? "" : hierarchy.OwnPath;
        return hierarchy.MountPoint.TrimEnd('/') + below + "/" + cgroupsPath.Trim('/');
    }

    /// <summary>
    /// The same, with a relative path beside this process's own cgroup: on a unified machine one with processes, as that is, hands no
    /// controllers down (cgroup-v2.rst, "No Internal Process Constraint").
    /// </summary>
    public static string ResolveBeside(CgroupHierarchy hierarchy, string cgroupsPath) =>
        Resolve(hierarchy with { OwnPath = Path.GetDirectoryName(hierarchy.OwnPath) ?? "/" }, cgroupsPath);

    /// <summary>
    /// Refuses what could leave the hierarchy or mean another cgroup than its text says: it comes from clients. Empty components
    /// ("//") are dropped. The result keeps a leading slash.
    /// </summary>
    public static string Check(string cgroupsPath)
    {
        var names = cgroupsPath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (names.Length == 0)
        {
            throw Refused(cgroupsPath, "it names no cgroup");
        }

        foreach (var name in names)
        {
            if (name is "." or ".." || name.Length > LongestName || name.AsSpan().IndexOfAnyInRange('\0', '\x1F') >= 0)
            {
                throw Refused(cgroupsPath, $"\"{name}\" cannot be the name of a cgroup");
            }
        }

        return (cgroupsPath.StartsWith('/') ? "/" : "") + string.Join('/', names);
    }

    private static CgroupException Refused(string cgroupsPath, string why) =>
        new($"failed to use cgroup path \"{cgroupsPath}\": {why}", Errno.EINVAL);
}
