using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Specs;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Tests.Specs;

public class SpecResourcesTests
{
    [Fact]
    public void Build_Nothing_LimitsNothing() => Assert.Equal(new ResourcesSpec(), Build(null));

    [Fact]
    public void Build_Zeros_AreNotGiven() => Assert.Equal(new ResourcesSpec(), Build(new LinuxContainerResources()));

    [Fact]
    public void Build_Cpu_IsPassedOn() => Assert.Equal(
        new CpuSpec { Shares = 2, Quota = -1, Period = 100000, Cpus = "0-1", Mems = "0" },
        Build(new LinuxContainerResources { CpuShares = 2, CpuQuota = -1, CpuPeriod = 100000, CpusetCpus = "0-1", CpusetMems = "0" }).Cpu);

    [Fact]
    public void Build_Memory_IsPassedOn() => Assert.Equal(
        new MemorySpec { Limit = 1 << 20, Swap = 2 << 20 },
        Build(new LinuxContainerResources { MemoryLimitInBytes = 1 << 20, MemorySwapLimitInBytes = 2 << 20 }).Memory);

    [Fact]
    public void Build_SwapWhereItCannotBeLimited_IsLeftOut() => Assert.Equal(
        new MemorySpec { Limit = 1 << 20 },
        SpecResources.Build(
            new LinuxContainerResources { MemoryLimitInBytes = 1 << 20, MemorySwapLimitInBytes = 1 << 20 },
            Given.Host with { SwapAccounting = false },
            new SpecOptions()).Memory);

    [Fact]
    public void Build_Hugepages_ArePassedOn() => Assert.Equal(
        new HugepageLimitSpec { PageSize = "2MB", Limit = 0 },
        Assert.Single(Build(new LinuxContainerResources { HugepageLimits = { new HugepageLimit { PageSize = "2MB" } } }).HugepageLimits!));

    [Fact]
    public void Build_UnifiedOnV2_IsPassedOn()
    {
        var asked = new LinuxContainerResources { Unified = { ["memory.oom.group"] = "1" } };
        Assert.Equal("1", SpecResources.Build(asked, Given.Host with { CgroupUnified = true }, new SpecOptions()).Unified!["memory.oom.group"]);
    }

    [Theory]
    [InlineData("../memory.max")]
    [InlineData("memory.max/..")]
    [InlineData("cgroup.procs")]
    [InlineData("tasks")]
    [InlineData(".x")]
    [InlineData("")]
    public void Build_UnifiedKeyThatIsNoControllersFile_IsRefused(string key) => Given.Refused(() => SpecResources.Build(
        new LinuxContainerResources { Unified = { [key] = "1" } }, Given.Host with { CgroupUnified = true }, new SpecOptions()));

    [Theory]
    [MemberData(nameof(Wrong))]
    internal void Build_OutOfRange_IsRefusedByName(LinuxContainerResources asked, string field) =>
        Assert.Contains("linux.resources." + field, Given.Refused(() => Build(asked)).Message);

    public static TheoryData<LinuxContainerResources, string> Wrong => new()
    {
        { new LinuxContainerResources { CpuShares = -1 }, "cpu_shares" },
        { new LinuxContainerResources { CpuQuota = 999 }, "cpu_quota" },
        { new LinuxContainerResources { CpuQuota = -2 }, "cpu_quota" },
        { new LinuxContainerResources { CpuPeriod = 999 }, "cpu_period" },
        { new LinuxContainerResources { CpuPeriod = 1000001 }, "cpu_period" },
        { new LinuxContainerResources { CpusetCpus = "0-1\n" }, "cpuset_cpus" },
        { new LinuxContainerResources { CpusetMems = "x" }, "cpuset_mems" },
        { new LinuxContainerResources { MemoryLimitInBytes = -2 }, "memory_limit_in_bytes" },
        { new LinuxContainerResources { MemoryLimitInBytes = 4096 }, "memory_limit_in_bytes" },
        { new LinuxContainerResources { MemoryLimitInBytes = 2 << 20, MemorySwapLimitInBytes = 1 << 20 }, "memory_swap_limit_in_bytes" },
        { new LinuxContainerResources { HugepageLimits = { new HugepageLimit { PageSize = "../x" } } }, "hugepage_limits" },
        { new LinuxContainerResources { HugepageLimits = { new HugepageLimit { PageSize = "MB" } } }, "hugepage_limits" },
        { new LinuxContainerResources { Unified = { ["memory.high"] = "1" } }, "unified" },
    };

    private static ResourcesSpec Build(LinuxContainerResources? asked) => SpecResources.Build(asked, Given.Host, new SpecOptions());
}
