using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups;

/// <summary>pids, the same in v1 and v2 (the kernel's Documentation/admin-guide/cgroup-v1/pids.rst).</summary>
internal static class PidsController
{
    public static void Apply(ControlFolder folder, PidsSpec pids) =>
        folder.Write("pids.max", pids.Limit > 0 ? pids.Limit.ToString() : "max");
}
