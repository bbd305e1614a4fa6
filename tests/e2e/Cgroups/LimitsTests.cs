using CriShim.Cgroups;
using CriShim.E2e.Fixtures;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.E2e.Cgroups;

/// <summary>What each v1 controller makes of the resources.</summary>
public sealed class LimitsTests : IDisposable
{
    private const long Mebibyte = 1 << 20;
    private readonly CgroupFixture _cgroup = new(CgroupFixture.Legacy);

    public void Dispose() => _cgroup.Dispose();

    [V1Fact]
    public void Apply_AllControllers_ReadBack()
    {
        _cgroup.Manager.Create();
        _cgroup.Manager.Apply(new ResourcesSpec
        {
            Cpu = new CpuSpec { Shares = 512, Quota = 50000, Period = 100000, Burst = 10000, Cpus = "0" },
            Memory = new MemorySpec { Limit = 64 * Mebibyte, Swap = 96 * Mebibyte, Reservation = 32 * Mebibyte, Swappiness = 10 },
            Pids = new PidsSpec { Limit = 77 },
            Devices = [new DeviceRuleSpec { Allow = false, Access = "rwm" }],
        });
        Assert.Equal("512", _cgroup.Read("cpu", "cpu.shares"));
        Assert.Equal("50000", _cgroup.Read("cpu", "cpu.cfs_quota_us"));
        Assert.Equal("100000", _cgroup.Read("cpu", "cpu.cfs_period_us"));
        Assert.Equal("10000", _cgroup.Read("cpu", "cpu.cfs_burst_us"));
        Assert.Equal("0", _cgroup.Read("cpuset", "cpuset.cpus"));
        Assert.NotEqual("", _cgroup.Read("cpuset", "cpuset.mems"));
        Assert.Equal($"{64 * Mebibyte}", _cgroup.Read("memory", "memory.limit_in_bytes"));
        Assert.Equal($"{96 * Mebibyte}", _cgroup.Read("memory", "memory.memsw.limit_in_bytes"));
        Assert.Equal($"{32 * Mebibyte}", _cgroup.Read("memory", "memory.soft_limit_in_bytes"));
        Assert.Equal("77", _cgroup.Read("pids", "pids.max"));
        Assert.DoesNotContain("a *:*", _cgroup.Read("devices", "devices.list"), StringComparison.Ordinal);
        Assert.Contains("c 1:3 rwm", _cgroup.Read("devices", "devices.list"), StringComparison.Ordinal);
    }

    [V1Theory]
    [InlineData(32, 32)]
    [InlineData(256, 512)]
    [InlineData(64, -1)]
    [InlineData(-1, -1)]
    public void Update_MemoryUpAndDown_BothLimitsHold(long limit, long swap)
    {
        _cgroup.Manager.Create();
        _cgroup.Manager.Apply(new ResourcesSpec { Memory = new MemorySpec { Limit = 64 * Mebibyte, Swap = 64 * Mebibyte } });
        static long Bytes(long value) => value < 0 ? -1 : value * Mebibyte;
        _cgroup.Reopen().Update(new ResourcesSpec { Memory = new MemorySpec { Limit = Bytes(limit), Swap = Bytes(swap) } });
        Assert.Equal(Expected(limit), _cgroup.Read("memory", "memory.limit_in_bytes"));
        Assert.Equal(Expected(swap), _cgroup.Read("memory", "memory.memsw.limit_in_bytes"));

        static string Expected(long value) => value < 0 ? "9223372036854771712" : $"{value * Mebibyte}";
    }

    [V1Theory]
    [InlineData(20000, 40000, 0)]
    [InlineData(400000, 200000, 100000)]
    [InlineData(-1, 0, 0)]
    public void Update_CpuBandwidth_AnyOrderIsAccepted(long quota, ulong period, ulong burst)
    {
        _cgroup.Manager.Create();
        _cgroup.Manager.Apply(new ResourcesSpec { Cpu = new CpuSpec { Quota = 100000, Period = 100000, Burst = 50000 } });
        _cgroup.Reopen().Update(new ResourcesSpec { Cpu = new CpuSpec { Quota = quota, Period = period, Burst = burst } });
        Assert.Equal($"{quota}", _cgroup.Read("cpu", "cpu.cfs_quota_us"));
        Assert.Equal($"{burst}", _cgroup.Read("cpu", "cpu.cfs_burst_us"));
    }

    [V1Fact]
    public void Update_Devices_OnlyTheDifferenceChanges()
    {
        _cgroup.Manager.Create();
        var rule = new DeviceRuleSpec { Allow = true, Type = "c", Major = 10, Minor = 229, Access = "rwm" };
        _cgroup.Manager.Apply(new ResourcesSpec { Devices = [new DeviceRuleSpec { Allow = false, Access = "rwm" }, rule] });
        Assert.Contains("c 10:229 rwm", _cgroup.Read("devices", "devices.list"), StringComparison.Ordinal);
        var before = _cgroup.Read("devices", "devices.list").Split('\n').Order();

        _cgroup.Reopen().Update(new ResourcesSpec { Devices = [new DeviceRuleSpec { Allow = false, Access = "rwm" }, rule with { Access = "r" }] });
        var after = _cgroup.Read("devices", "devices.list").Split('\n').Order();
        Assert.Equal(before.Select(line => line == "c 10:229 rwm" ? "c 10:229 r" : line), after);
    }

    [V1Fact]
    public void Devices_Denied_ProcessCannotOpen()
    {
        _cgroup.Manager.Create();
        _cgroup.Manager.Apply(new ResourcesSpec { Devices = [new DeviceRuleSpec { Allow = false, Access = "rwm" }] });
        var process = _cgroup.Start("head -c 1 /dev/zero > /dev/null && echo zero; (: < /dev/kmsg) 2> /dev/null || echo denied");
        Assert.Equal("zero\ndenied\n", process.StandardOutput.ReadToEnd());
        _cgroup.Reopen().Update(new ResourcesSpec { Devices = [new DeviceRuleSpec { Allow = true, Access = "rwm" }] });
        Assert.Equal("kmsg\n", _cgroup.Start("(: < /dev/kmsg) 2> /dev/null && echo kmsg").StandardOutput.ReadToEnd());
    }

    [V1Fact]
    public void Apply_RefusedValue_ErrorNamesFileAndValue()
    {
        _cgroup.Manager.Create();
        var error = Assert.Throws<CgroupException>(() => _cgroup.Manager.Apply(new ResourcesSpec { Cpu = new CpuSpec { Cpus = "0-9999" } }));
        Assert.Contains("failed to set cpuset.cpus to \"0-9999\"", error.Message, StringComparison.Ordinal);
    }

    [V1Fact]
    public void Apply_HugepagesOnHybrid_LimitInTheUnifiedHierarchy()
    {
        using var hybrid = new CgroupFixture(CgroupFixture.Machine);
        hybrid.Manager.Create();
        if (hybrid.Manager.Mode != CgroupMode.Hybrid || !File.ReadAllText(hybrid.Manager.Folders[^1].MountPoint + "/cgroup.controllers").Contains("hugetlb", StringComparison.Ordinal))
        {
            return;
        }

        hybrid.Manager.Apply(new ResourcesSpec { HugepageLimits = [new HugepageLimitSpec { PageSize = "2MB", Limit = 4 * Mebibyte }] });
        Assert.Equal($"{4 * Mebibyte}", hybrid.Read("", "hugetlb.2MB.max"));
        Assert.Contains(hybrid.Manager.Stats(StatsParts.Hugetlb).Hugetlb, size => size.PageSize == "2MB");
    }
}
