using CriShim.Cgroups;
using CriShim.Cgroups.V2;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Tests.Fakes;

namespace CriShim.Runtime.Tests.Cgroups;

public sealed class V2ControllersTests : IDisposable
{
    private readonly RecordingFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(102, 17)]
    [InlineData(256, 35)]
    [InlineData(512, 59)]
    [InlineData(1024, 100)]
    [InlineData(2048, 174)]
    [InlineData(262144, 10000)]
    [InlineData(1000000, 10000)]
    public void Weight_Shares_FollowsTheCommonCurve(ulong shares, ulong weight) => Assert.Equal(weight, CpuController.Weight(shares));

    [Fact]
    public void Weight_MoreShares_IsNeverLess()
    {
        var last = 0ul;
        for (var shares = 2ul; shares <= 262_144; shares += 7)
        {
            var weight = CpuController.Weight(shares);
            Assert.InRange(weight, Math.Max(1, last), 10_000ul);
            last = weight;
        }
    }

    /// <summary>What only v1 has is refused before anything is written.</summary>
    [Fact]
    public void Resources_OfV1Alone_ThrowNamingTheFile()
    {
        ResourcesSpec[] asked =
        [
            new() { Cpu = new() { Shares = 512, RealtimeRuntime = 1000 } },
            new() { Cpu = new() { RealtimePeriod = 1000 } },
            new() { Network = new() { ClassID = 1 } },
            new() { Network = new() { Priorities = [new() { Name = "lo", Priority = 1 }] } },
        ];
        var errors = asked.Select(resources => Assert.Throws<CgroupException>(() => V2Resources.Apply(_folder, resources, inUse: false)).Message).ToList();
        Assert.Equal(["rt_runtime_us", "rt_runtime_us", "net_cls", "net_prio"], errors.Select(error =>
            new[] { "rt_runtime_us", "net_cls", "net_prio" }.Single(file => error.Contains(file, StringComparison.Ordinal))));
        Assert.Empty(_folder.Writes);
    }

    [Theory]
    [InlineData(50000, 100000, "cpu.max=50000 100000")]
    [InlineData(50000, 0, "cpu.max=50000")]
    [InlineData(-1, 0, "cpu.max=max")]
    [InlineData(0, 20000, "cpu.max=30000 20000")]
    public void Cpu_QuotaAndPeriod_WrittenAsMax(long quota, ulong period, string written)
    {
        _folder.With("cpu.max", "30000 100000\n");
        CpuController.Apply(_folder, new CpuSpec { Quota = quota, Period = period });
        Assert.Equal([written], _folder.Writes);
    }

    [Theory]
    [InlineData(1000L, 3000L, "memory.swap.max=2000", "memory.max=1000")]
    [InlineData(1000L, 1000L, "memory.swap.max=0", "memory.max=1000")]
    [InlineData(1000L, -1L, "memory.swap.max=max", "memory.max=1000")]
    [InlineData(-1L, 0L, "memory.swap.max=max", "memory.max=max")]
    [InlineData(1000L, 0L, "memory.max=1000")]
    public void Memory_LimitAndSwap_SwapIsWithoutMemory(long limit, long swap, params string[] written)
    {
        MemoryController.Apply(_folder, new MemorySpec { Limit = limit, Swap = swap });
        Assert.Equal(written, _folder.Writes);
    }

    [Fact]
    public void Memory_SwapAlone_UsesCurrentLimit()
    {
        _folder.With("memory.max", "1000\n");
        MemoryController.Apply(_folder, new MemorySpec { Swap = 1500 });
        Assert.Equal(["memory.swap.max=500"], _folder.Writes);
    }

    [Theory]
    [InlineData(0, 1000)]
    [InlineData(2000, 1000)]
    public void Memory_SwapBelowMemory_Throws(long limit, long swap) =>
        Assert.Throws<CgroupException>(() => MemoryController.Apply(_folder, new MemorySpec { Limit = limit, Swap = swap }));

    [Fact]
    public void Memory_NoSwapAccounting_ZeroSwapIsNoError()
    {
        _folder.Answering("memory.swap.max", Errno.ENOENT);
        MemoryController.Apply(_folder, new MemorySpec { Limit = 1000, Swap = 1000, Reservation = 10, DisableOOMKiller = true, Swappiness = 1 });
        Assert.Equal(["memory.swap.max=0!ENOENT", "memory.max=1000", "memory.low=10"], _folder.Writes);
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(500, 4950)]
    [InlineData(1000, 10000)]
    public void Weight_BlockIo_IsLinear(ushort weight, ulong converted) => Assert.Equal(converted, IoController.Weight(weight));

    [Fact]
    public void Io_WithoutBfq_UsesIoWeight()
    {
        _folder.Answering("io.bfq.weight", Errno.ENOENT);
        IoController.Apply(_folder, new BlockIoSpec
        {
            Weight = 10,
            ThrottleReadBpsDevice = [new ThrottleDeviceSpec { Major = 8, Minor = 0, Rate = 1 }],
            ThrottleWriteIopsDevice = [new ThrottleDeviceSpec { Major = 8, Minor = 0, Rate = 2 }],
        });
        Assert.Equal(["io.bfq.weight=10!ENOENT", "io.weight=1", "io.max=8:0 rbps=1", "io.max=8:0 wiops=2"], _folder.Writes);
    }

    [Fact]
    public void Unified_ManyLines_AreSingleWrites()
    {
        UnifiedSettings.Apply(_folder, new Dictionary<string, string> { ["io.max"] = "8:0 rbps=1\n8:16 rbps=2\n", ["memory.oom.group"] = "1" });
        Assert.Equal(["io.max=8:0 rbps=1", "io.max=8:16 rbps=2", "memory.oom.group=1"], _folder.Writes);
    }

    [Theory]
    [InlineData("../memory.max")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("cgroup.procs")]
    [InlineData("cgroup.kill")]
    public void Unified_NotASetting_Throws(string file)
    {
        Assert.Throws<CgroupException>(() => UnifiedSettings.Apply(_folder, new Dictionary<string, string> { [file] = "1" }));
        Assert.Empty(_folder.Writes);
    }

    [Fact]
    public void Unified_UnknownFile_Throws()
    {
        var error = Assert.Throws<CgroupException>(
            () => UnifiedSettings.Apply(new ControlFolder(_folder.Path), new Dictionary<string, string> { ["memory.nonsense"] = "1" }));
        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Contains("memory.nonsense to \"1\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hugetlb_ControllerMissingAndNothingAsked_IsNoError()
    {
        _folder.With("cgroup.controllers", "cpu memory\n");
        V2Resources.ApplyHugetlb(_folder, [new HugepageLimitSpec { PageSize = "2MB", Limit = 0 }]);
        Assert.Empty(_folder.Writes);
    }

    [Fact]
    public void Hugetlb_Controller_LimitsUseAndReservation()
    {
        _folder.With("cgroup.controllers", "hugetlb\n");
        V2Resources.ApplyHugetlb(_folder, [new HugepageLimitSpec { PageSize = "2MB", Limit = 0 }]);
        Assert.Equal(["hugetlb.2MB.max=0", "hugetlb.2MB.rsvd.max=0"], _folder.Writes);
    }
}
