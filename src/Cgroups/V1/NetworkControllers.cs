using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V1;

/// <summary>net_cls and net_prio of v1 (the kernel's Documentation/admin-guide/cgroup-v1/net_cls.rst, net_prio.rst).</summary>
internal static class NetworkControllers
{
    public static void ApplyClass(ControlFolder folder, uint classId) => folder.Write("net_cls.classid", (ulong)classId);

    public static void ApplyPriorities(ControlFolder folder, IReadOnlyList<InterfacePrioritySpec> priorities)
    {
        foreach (var priority in priorities)
        {
            folder.Write("net_prio.ifpriomap", $"{priority.Name} {priority.Priority}");
        }
    }
}
