using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups;

/// <summary>rdma, the same in v1 and v2 (the kernel's Documentation/admin-guide/cgroup-v1/rdma.rst). Null is unlimited.</summary>
internal static class RdmaController
{
    public static void Apply(ControlFolder folder, IReadOnlyDictionary<string, RdmaSpec> devices)
    {
        foreach (var (device, limit) in devices)
        {
            var handles = limit.HcaHandles?.ToString() ?? "max";
            var objects = limit.HcaObjects?.ToString() ?? "max";
            folder.Write("rdma.max", $"{device} hca_handle={handles} hca_object={objects}");
        }
    }
}
