using System.Diagnostics.CodeAnalysis;
using System.Text;
using CriShim.Cgroups.Systemd;
using CriShim.Cgroups.V1;
using CriShim.Cgroups.V2;
using CriShim.Linux;

namespace CriShim.Cgroups;

/// <summary>
/// Knows the machine's cgroup hierarchies, read once, and makes managers for them. Its inputs are the texts of
/// /proc/self/mountinfo (proc_pid_mountinfo(5)) and /proc/self/cgroup (cgroups(7)), so that a test can describe any machine.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "its connection lives as long as the process, or is closed after a join")]
public sealed class CgroupManagerFactory
{
    private const char FieldEnd = '\t';
    private const char LineEnd = '\n';

    public CgroupManagerFactory(string mountInfo, string ownCgroups)
        : this(CgroupMounts.Parse(mountInfo, ownCgroups))
    {
    }

    private readonly SystemdUnits _systemd = new();

    private CgroupManagerFactory(IReadOnlyList<CgroupHierarchy> hierarchies)
    {
        Hierarchies = hierarchies;
        Mode = !hierarchies[^1].IsV2 ? CgroupMode.Legacy : hierarchies.Count == 1 ? CgroupMode.Unified : CgroupMode.Hybrid;
    }

    public CgroupMode Mode { get; }

    /// <summary>v1 in the order of the mounts, v2 last.</summary>
    public IReadOnlyList<CgroupHierarchy> Hierarchies { get; }

    /// <summary>Reads this process's /proc. Costs the more, the more mounts the machine has.</summary>
    public static CgroupManagerFactory FromProc() =>
        new(CgroupFile.Read("/proc/self/mountinfo"), CgroupFile.Read("/proc/self/cgroup"));

    /// <summary>
    /// What <see cref="FromProc"/> has found, for a child process in the same cgroup and mount namespace: it need not search.
    /// </summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var hierarchy in Hierarchies)
        {
            text.Append(hierarchy.Controllers).Append(FieldEnd).Append(hierarchy.MountPoint).Append(FieldEnd)
                .Append(hierarchy.OwnPath).Append(LineEnd);
        }

        return text.ToString();
    }

    /// <summary>The inverse of <see cref="ToText"/>.</summary>
    /// <exception cref="CgroupException">It is not such a text.</exception>
    public static CgroupManagerFactory FromText(string text)
    {
        var hierarchies = new List<CgroupHierarchy>();
        foreach (var line in text.Split(LineEnd, StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(FieldEnd) is not [var controllers, ['/', ..] mountPoint, ['/', ..] ownPath])
            {
                throw new CgroupException($"failed to read cgroup hierarchies: line \"{line}\"", Errno.EINVAL);
            }

            hierarchies.Add(new CgroupHierarchy(controllers, mountPoint, ownPath));
        }

        return hierarchies.Count > 0
            ? new CgroupManagerFactory(hierarchies)
            : throw new CgroupException("failed to read cgroup hierarchies: the text names none", Errno.EINVAL);
    }

    /// <summary>
    /// True when swap can be limited. The v2 file is not in the root folder: this process's own cgroup has it, or, for a process in the
    /// root, any folder below; where nobody has the memory controller yet, the kernel is taken to be able to.
    /// </summary>
    public bool HasSwapAccounting()
    {
        foreach (var hierarchy in Hierarchies)
        {
            if (hierarchy.Has("memory"))
            {
                return File.Exists(hierarchy.MountPoint + "/memory.memsw.limit_in_bytes");
            }
        }

        if (Mode != CgroupMode.Unified)
        {
            return false;
        }

        var (mountPoint, own) = (Hierarchies[0].MountPoint, Hierarchies[0].OwnPath);
        string[] folders = own == "/" ? CgroupTree.Children(mountPoint) : [mountPoint + own];
        var withMemory = Array.FindAll(folders, folder => File.Exists(folder + "/memory.max"));
        return withMemory.Length == 0 || Array.Exists(withMemory, folder => File.Exists(folder + "/memory.swap.max"));
    }

    /// <summary>A manager for one cgroup, existing or not; touches nothing. Errno EINVAL for a path that cannot be one.</summary>
    /// <param name="cgroupsPath">
    /// As in the spec: absolute (below the mount points), relative to this process's own cgroup, or slice:prefix:name for a scope that
    /// systemd makes (<see cref="ScopePath"/>), on a unified machine.
    /// </param>
    public ICgroupManager Open(string cgroupsPath)
    {
        if (ScopePath.Is(cgroupsPath))
        {
            return new SystemdCgroup(UnifiedHierarchy(cgroupsPath), ScopePath.Parse(cgroupsPath), _systemd);
        }

        var path = CgroupPath.Check(cgroupsPath);
        return Mode == CgroupMode.Unified
            ? new CgroupV2Manager(Hierarchies[0], path)
            : new CgroupV1Manager(Mode, Hierarchies, path);
    }

    /// <summary>Stops a slice of systemd's and all in it, and has systemd forget it. Succeeds when there is none.</summary>
    public void StopSlice(string slice) => _systemd.Stop(slice);

    /// <summary>The path a container gets whose spec has none; systemd's are named as others' are.</summary>
    public static string DefaultPath(string id, bool usesSystemd) => usesSystemd ? $"system.slice:crishim:{id}" : id;

    private CgroupHierarchy UnifiedHierarchy(string cgroupsPath) => Mode == CgroupMode.Unified
        ? Hierarchies[0]
        : throw new CgroupException($"failed to use cgroup path \"{cgroupsPath}\": the systemd driver needs cgroup v2 alone", Errno.EINVAL);
}
