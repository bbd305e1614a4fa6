using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V1;

/// <summary>
/// hugetlb of v1 (the kernel's Documentation/admin-guide/cgroup-v1/hugetlb.rst): pages in use and, since Linux 5.7, pages
/// reserved by mmap, which would otherwise end in SIGBUS at first use.
/// </summary>
internal static class HugetlbController
{
    public static void Apply(ControlFolder folder, IReadOnlyList<HugepageLimitSpec> limits)
    {
        foreach (var limit in limits)
        {
            folder.Write($"hugetlb.{limit.PageSize}.limit_in_bytes", limit.Limit);
            folder.WriteIfPresent($"hugetlb.{limit.PageSize}.rsvd.limit_in_bytes", limit.Limit.ToString());
        }
    }
}
