using CriShim.Cgroups;
using CriShim.Cgroups.V1;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Tests.Fakes;

namespace CriShim.Runtime.Tests.Cgroups;

public sealed class V1ControllersTests : IDisposable
{
    private readonly RecordingFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Cpu_AllValues_WrittenInOrder()
    {
        CpuController.Apply(_folder, new CpuSpec { Shares = 512, Quota = 50000, Period = 100000, RealtimePeriod = 5, RealtimeRuntime = 4 });
        Assert.Equal(
            [
                "cpu.shares=512",
                "cpu.cfs_period_us=100000",
                "cpu.cfs_quota_us=50000",
                "cpu.rt_period_us=5",
                "cpu.rt_runtime_us=4",
            ],
            _folder.Writes);
    }

    [Fact]
    public void Cpu_PeriodRefusedForOldQuota_WrittenAgainAfterQuota()
    {
        _folder.Answering("cpu.cfs_period_us", Errno.EINVAL);
        CpuController.Apply(_folder, new CpuSpec { Quota = 50000, Period = 1000 });
        Assert.Equal(["cpu.cfs_period_us=1000!EINVAL", "cpu.cfs_quota_us=50000", "cpu.cfs_period_us=1000"], _folder.Writes);
    }

    [Fact]
    public void Cpu_BurstRefusedForOldQuota_WrittenAgainAfterQuota()
    {
        _folder.Answering("cpu.cfs_burst_us", Errno.EINVAL);
        CpuController.Apply(_folder, new CpuSpec { Quota = 50000, Burst = 2000 });
        Assert.Equal(["cpu.cfs_burst_us=2000!EINVAL", "cpu.cfs_quota_us=50000", "cpu.cfs_burst_us=2000"], _folder.Writes);
    }

    [Fact]
    public void Cpu_NoBurstOnOldKernel_IsNoError()
    {
        _folder.Answering("cpu.cfs_burst_us", Errno.ENOENT);
        CpuController.Apply(_folder, new CpuSpec { Burst = 0 });
        Assert.Single(_folder.Writes);
    }

    [Fact]
    public void Cpu_Idle_SetsNoShares()
    {
        CpuController.Apply(_folder, new CpuSpec { Shares = 512, Idle = 1 });
        Assert.Equal(["cpu.idle=1"], _folder.Writes);
    }

    [Fact]
    public void Cpu_Zeros_AreNotSet()
    {
        CpuController.Apply(_folder, new CpuSpec { Shares = 0, Quota = 0, Period = 0 });
        Assert.Empty(_folder.Writes);
    }

    [Fact]
    public void Memory_New_LimitThenSwap()
    {
        MemoryController.Apply(_folder, new MemorySpec { Limit = 1000, Swap = 2000, Reservation = 500 }, inUse: false);
        Assert.Equal(
            ["memory.limit_in_bytes=1000", "memory.memsw.limit_in_bytes=2000", "memory.soft_limit_in_bytes=500"],
            _folder.Writes);
    }

    [Theory]
    [InlineData("1000", 4000, 4000, "memory.memsw.limit_in_bytes=4000", "memory.limit_in_bytes=4000")]
    [InlineData("4000", 1000, 2000, "memory.limit_in_bytes=1000", "memory.memsw.limit_in_bytes=2000")]
    [InlineData("4000", 4000, -1, "memory.memsw.limit_in_bytes=-1", "memory.limit_in_bytes=4000")]
    [InlineData("1000", -1, 0, "memory.memsw.limit_in_bytes=-1", "memory.limit_in_bytes=-1")]
    public void Memory_InUse_OrderKeepsLimitBelowSum(string current, long limit, long swap, string first, string second)
    {
        _folder.With("memory.limit_in_bytes", current + "\n");
        MemoryController.Apply(_folder, new MemorySpec { Limit = limit, Swap = swap }, inUse: true);
        Assert.Equal([first, second], _folder.Writes);
    }

    [Fact]
    public void Memory_LimitBelowUsage_ErrorNamesUsage()
    {
        _folder.With("memory.usage_in_bytes", "5000\n").Answering("memory.limit_in_bytes", Errno.EBUSY);
        var error = Assert.Throws<CgroupException>(() => MemoryController.Apply(_folder, new MemorySpec { Limit = 1000 }, inUse: true));
        Assert.Contains("memory.limit_in_bytes to \"1000\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("in use: 5000 bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(Errno.EBUSY, error.Errno);
    }

    [Fact]
    public void Memory_CheckBeforeUpdate_RefusesBeforeWriting()
    {
        _folder.With("memory.usage_in_bytes", "5000\n");
        var memory = new MemorySpec { Limit = 1000, CheckBeforeUpdate = true };
        Assert.Throws<CgroupException>(() => MemoryController.Apply(_folder, memory, inUse: true));
        Assert.Empty(_folder.Writes);
    }

    [Fact]
    public void Memory_KernelLimits_AreIgnored()
    {
        MemoryController.Apply(_folder, new MemorySpec { Kernel = 1, KernelTCP = 1, Swappiness = 60, DisableOOMKiller = true }, inUse: false);
        Assert.Equal(["memory.swappiness=60", "memory.oom_control=1"], _folder.Writes);
    }

    [Theory]
    [InlineData(100, "pids.max=100")]
    [InlineData(0, "pids.max=max")]
    [InlineData(-1, "pids.max=max")]
    public void Pids_Limit_Written(long limit, string written)
    {
        PidsController.Apply(_folder, new PidsSpec { Limit = limit });
        Assert.Equal([written], _folder.Writes);
    }

    [Fact]
    public void Blkio_WithoutBfq_UsesOldNames()
    {
        _folder.Answering("blkio.bfq.weight", Errno.ENOENT).Answering("blkio.bfq.weight_device", Errno.ENOENT);
        BlkioController.Apply(_folder, new BlockIoSpec
        {
            Weight = 500,
            WeightDevice = [new WeightDeviceSpec { Major = 8, Minor = 0, Weight = 300 }],
            ThrottleReadBpsDevice = [new ThrottleDeviceSpec { Major = 8, Minor = 0, Rate = 1024 }],
            ThrottleWriteIopsDevice = [new ThrottleDeviceSpec { Major = 8, Minor = 16, Rate = 7 }],
        });
        Assert.Equal(
            [
                "blkio.bfq.weight=500!ENOENT",
                "blkio.weight=500",
                "blkio.bfq.weight_device=8:0 300!ENOENT",
                "blkio.weight_device=8:0 300",
                "blkio.throttle.read_bps_device=8:0 1024",
                "blkio.throttle.write_iops_device=8:16 7",
            ],
            _folder.Writes);
    }

    [Fact]
    public void Hugetlb_NoReservationFile_IsNoError()
    {
        _folder.Answering("hugetlb.2MB.rsvd.limit_in_bytes", Errno.ENOENT);
        HugetlbController.Apply(_folder, [new HugepageLimitSpec { PageSize = "2MB", Limit = 4 }]);
        Assert.Equal(["hugetlb.2MB.limit_in_bytes=4", "hugetlb.2MB.rsvd.limit_in_bytes=4!ENOENT"], _folder.Writes);
    }

    [Fact]
    public void Network_ClassAndPriorities_Written()
    {
        NetworkControllers.ApplyClass(_folder, 0x100001);
        NetworkControllers.ApplyPriorities(_folder, [new InterfacePrioritySpec { Name = "eth0", Priority = 5 }]);
        Assert.Equal(["net_cls.classid=1048577", "net_prio.ifpriomap=eth0 5"], _folder.Writes);
    }

    [Fact]
    public void Rdma_MissingLimit_IsMax()
    {
        RdmaController.Apply(_folder, new Dictionary<string, RdmaSpec> { ["mlx5_1"] = new() { HcaHandles = 3 } });
        Assert.Equal(["rdma.max=mlx5_1 hca_handle=3 hca_object=max"], _folder.Writes);
    }

    [Fact]
    public void Devices_New_DeniesAllThenAllowsInOrder()
    {
        DevicesController.ApplyFirst(_folder, [
            new DeviceRuleSpec { Allow = false, Access = "rwm" },
            new DeviceRuleSpec { Allow = true, Type = "c", Major = 10, Minor = 229, Access = "rwm" },
        ]);
        Assert.Equal(["devices.deny=a", "devices.allow=c 10:229 rwm"], _folder.Writes.Take(2));
        Assert.Contains("devices.allow=c *:* m", _folder.Writes);
        Assert.Contains("devices.allow=c 1:3 rwm", _folder.Writes);
    }

    [Fact]
    public void Devices_Privileged_IsOneWrite()
    {
        DevicesController.ApplyFirst(_folder, [new DeviceRuleSpec { Allow = true, Access = "rwm" }]);
        Assert.Equal(["devices.allow=a"], _folder.Writes);
    }

    [Fact]
    public void Devices_Update_WritesOnlyTheDifference()
    {
        DevicesController.ApplyFirst(_folder, [new DeviceRuleSpec { Allow = true, Type = "c", Major = 10, Minor = 1, Access = "rwm" }]);
        var list = _folder.Writes.Skip(1).Select(write => write["devices.allow=".Length..]);
        _folder.With("devices.list", string.Join('\n', list) + "\n").Writes.Clear();

        DevicesController.Update(_folder, [new DeviceRuleSpec { Allow = true, Type = "c", Major = 10, Minor = 2, Access = "r" }]);
        Assert.Equal(["devices.allow=c 10:2 r", "devices.deny=c 10:1 rwm"], _folder.Writes);
    }
}
