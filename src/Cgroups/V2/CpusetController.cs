using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V2;

/// <summary>cpuset of v2: empty means the parent's, so nothing is copied.</summary>
internal static class CpusetController
{
    public static bool IsNeeded(CpuSpec? cpu) => !(string.IsNullOrEmpty(cpu?.Cpus) && string.IsNullOrEmpty(cpu?.Mems));

    public static void Apply(ControlFolder folder, CpuSpec cpu)
    {
        if (!string.IsNullOrEmpty(cpu.Cpus))
        {
            folder.Write("cpuset.cpus", cpu.Cpus);
        }

        if (!string.IsNullOrEmpty(cpu.Mems))
        {
            folder.Write("cpuset.mems", cpu.Mems);
        }
    }
}
