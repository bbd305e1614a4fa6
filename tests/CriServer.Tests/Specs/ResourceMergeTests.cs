using CriShim.Cri.V1;
using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Tests.Specs;

public sealed class ResourceMergeTests
{
    [Fact]
    public void Merge_FieldsNotGiven_Stay()
    {
        var current = new LinuxContainerResources { CpuShares = 10, CpuQuota = 20, CpusetCpus = "0", OomScoreAdj = 5, Unified = { ["a.b"] = "1", ["c.d"] = "2" } };
        var merged = ResourceMerge.Merge(current, new LinuxContainerResources { CpuQuota = 30, OomScoreAdj = 7, Unified = { ["c.d"] = "3" } });
        Assert.Equal(10, merged.CpuShares);
        Assert.Equal(30, merged.CpuQuota);
        Assert.Equal("0", merged.CpusetCpus);
        Assert.Equal(5, merged.OomScoreAdj);
        Assert.Equal("1", merged.Unified["a.b"]);
        Assert.Equal("3", merged.Unified["c.d"]);
        Assert.Equal(20, current.CpuQuota);
    }

    [Fact]
    public void Merge_Hugepages_AreReplacedBySize()
    {
        var current = new LinuxContainerResources { HugepageLimits = { Limit("2MB", 1), Limit("1GB", 2) } };
        var merged = ResourceMerge.Merge(current, new LinuxContainerResources { HugepageLimits = { Limit("2MB", 3) } });
        Assert.Equal([("1GB", 2ul), ("2MB", 3ul)], merged.HugepageLimits.Select(limit => (limit.PageSize, limit.Limit)).Order());
    }

    private static HugepageLimit Limit(string size, ulong limit) => new() { PageSize = size, Limit = limit };
}
