using CriShim.Cgroups.V1;
using CriShim.Cgroups.V2;

namespace CriShim.Cgroups;

/// <summary>
/// Knows the machine's cgroup hierarchies, read once, and makes managers for them. Its inputs are the texts of
/// /proc/self/mountinfo (proc_pid_mountinfo(5)) and /proc/self/cgroup (cgroups(7)), so that a test can describe any machine.
/// </summary>
public sealed class CgroupManagerFactory
{
    public CgroupManagerFactory(string mountInfo, string ownCgroups)
    {
        Hierarchies = CgroupMounts.Parse(mountInfo, ownCgroups);
        var v2 = Hierarchies.Any(hierarchy => hierarchy.IsV2);
        Mode = Hierarchies.All(hierarchy => hierarchy.IsV2) ? CgroupMode.Unified : v2 ? CgroupMode.Hybrid : CgroupMode.Legacy;
    }

    public CgroupMode Mode { get; }

    /// <summary>v1 in the order of the mounts, v2 last.</summary>
    public IReadOnlyList<CgroupHierarchy> Hierarchies { get; }

    /// <summary>Reads this process's /proc.</summary>
    public static CgroupManagerFactory FromProc() =>
        new(CgroupFile.Read("/proc/self/mountinfo"), CgroupFile.Read("/proc/self/cgroup"));

    /// <summary>A manager for one cgroup, existing or not; touches nothing. Errno EINVAL for a path that cannot be one.</summary>
    /// <param name="cgroupsPath">As in the spec: absolute (below the mount points), or relative to this process's own cgroup.</param>
    public ICgroupManager Open(string cgroupsPath)
    {
        var path = CgroupPath.Check(cgroupsPath);
        return Mode == CgroupMode.Unified
            ? new CgroupV2Manager(Hierarchies[0], path)
            : new CgroupV1Manager(Mode, Hierarchies, path);
    }
}
