using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V1;

/// <summary>
/// cpuset of v1 (cpuset(7)). A new group has no CPU and no memory node, and no process can join it: what the spec does not
/// give is copied from the parent, from the top down. Parents that we make get cgroup.clone_children, so that the kernel
/// does the copying for every container below them.
/// </summary>
internal static class CpusetController
{
    public const string Name = "cpuset";

    private const string CpusFile = "cpuset.cpus";
    private const string MemsFile = "cpuset.mems";

    /// <summary>Lets the kernel copy a parent's settings into each new child.</summary>
    public static void InheritByDefault(string parent)
    {
        if (CgroupFile.TryWrite(parent + "/cgroup.clone_children", "1") is var errno && errno is not (Errno.None or Errno.ENOENT))
        {
            throw new CgroupException(parent + "/cgroup.clone_children", "1", errno);
        }
    }

    /// <param name="mountPoint">Top of the hierarchy, which always has CPUs and nodes.</param>
    public static void ApplyFirst(ControlFolder folder, CpuSpec? cpu, string mountPoint)
    {
        Inherit(folder.Path, mountPoint);
        if (cpu is not null)
        {
            Apply(folder, cpu);
        }
    }

    public static void Apply(ControlFolder folder, CpuSpec cpu)
    {
        if (!string.IsNullOrEmpty(cpu.Cpus))
        {
            folder.Write(CpusFile, cpu.Cpus);
        }

        if (!string.IsNullOrEmpty(cpu.Mems))
        {
            folder.Write(MemsFile, cpu.Mems);
        }
    }

    private static void Inherit(string path, string mountPoint)
    {
        var needsCpus = IsEmpty(path, CpusFile);
        var needsMems = IsEmpty(path, MemsFile);
        if (path.Length <= mountPoint.Length || !(needsCpus || needsMems) || Path.GetDirectoryName(path) is not { } parent)
        {
            return;
        }

        Inherit(parent, mountPoint);
        Copy(needsCpus, CpusFile, parent, path);
        Copy(needsMems, MemsFile, parent, path);
    }

    private static bool IsEmpty(string path, string file) => Value(path, file).Length == 0;

    private static void Copy(bool needed, string file, string parent, string path)
    {
        if (needed)
        {
            CgroupFile.Write(path + "/" + file, Value(parent, file));
        }
    }

    private static string Value(string path, string file) => CgroupFile.Read(path + "/" + file).Trim();
}
