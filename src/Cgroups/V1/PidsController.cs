using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V1;

/// <summary>pids (the kernel's Documentation/admin-guide/cgroup-v1/pids.rst); the same file in v2.</summary>
internal static class PidsController
{
    public static void Apply(ControlFolder folder, PidsSpec pids) =>
        folder.Write("pids.max", pids.Limit > 0 ? pids.Limit.ToString() : "max");
}
