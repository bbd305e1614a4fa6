using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V2;

/// <summary>hugetlb of v2: pages in use, and pages reserved by mmap, which would otherwise end in SIGBUS at first use.</summary>
internal static class HugetlbController
{
    public static void Apply(ControlFolder folder, IReadOnlyList<HugepageLimitSpec> limits)
    {
        foreach (var limit in limits)
        {
            folder.Write($"hugetlb.{limit.PageSize}.max", limit.Limit);
            folder.WriteIfPresent($"hugetlb.{limit.PageSize}.rsvd.max", limit.Limit.ToString());
        }
    }
}
