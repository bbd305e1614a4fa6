using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups;

/// <summary>A cgroup that is made in one go (<see cref="ICgroupManager.Prepare"/>).</summary>
internal static class WholeCgroup
{
    public static CgroupJoin Make(ICgroupManager cgroup, ResourcesSpec? resources)
    {
        cgroup.Create();
        try
        {
            cgroup.Apply(resources);
            return cgroup.OpenJoin();
        }
        catch
        {
            cgroup.Remove();
            throw;
        }
    }
}
