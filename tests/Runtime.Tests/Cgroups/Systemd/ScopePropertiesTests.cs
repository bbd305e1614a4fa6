using CriShim.Cgroups.Systemd;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Tests.Cgroups.Systemd;

public sealed class ScopePropertiesTests
{
    [Fact]
    public void Of_AllLimits_AreSystemdsProperties()
    {
        var properties = ScopeProperties.Of(new ResourcesSpec
        {
            Cpu = new CpuSpec { Shares = 1024, Quota = 50_000, Period = 100_000, Cpus = "0-1,9", Mems = "0" },
            Memory = new MemorySpec { Limit = 64 << 20, Swap = 96 << 20, Reservation = 32 << 20 },
            Pids = new PidsSpec { Limit = 77 },
            BlockIO = new BlockIoSpec { Weight = 1000 },
            Unified = new Dictionary<string, string> { ["memory.high"] = "1000000", ["memory.min"] = "max", ["cpu.max.burst"] = "5" },
        }, hasBfq: false);
        Assert.Equal(
            [
                "CPUWeight=100", "CPUQuotaPeriodUSec=100000", "CPUQuotaPerSecUSec=500000", "AllowedCPUs=0302", "AllowedMemoryNodes=01",
                "MemoryMax=67108864", "MemoryLow=33554432", "MemorySwapMax=33554432", "TasksMax=77", "IOWeight=10000", "MemoryHigh=1000000",
                "MemoryMin=18446744073709551615",
            ],
            properties.Select(Text));
    }

    [Theory]
    [InlineData(33_333, 100_000)]
    [InlineData(1_000, 7_777)]
    [InlineData(123_457, 1_000_000)]
    public void Of_Quota_ComesOutOfSystemdsArithmeticUnchanged(long quota, ulong period)
    {
        var property = ScopeProperties.Of(new ResourcesSpec { Cpu = new CpuSpec { Quota = quota, Period = period } }, hasBfq: false)[1];
        var perSecond = ulong.Parse(Text(property).Split('=')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal((ulong)quota, perSecond * period / 1_000_000); // src/core/cgroup.c, cgroup_apply_unified_cpu_quota
    }

    [Theory]
    [InlineData("unlimited", -1, -1, "CPUQuotaPerSecUSec=18446744073709551615 MemoryMax=18446744073709551615")]
    [InlineData("nothing given", null, null, "")]
    [InlineData("zero is not given", 0, 0, "")]
    public void Of_Special_IsTold(string what, int? quota, int? memory, string expected)
    {
        _ = what;
        var properties = ScopeProperties.Of(new ResourcesSpec { Cpu = new CpuSpec { Quota = quota }, Memory = new MemorySpec { Limit = memory } }, hasBfq: false);
        Assert.Equal(expected, string.Join(' ', properties.Select(Text)));
    }

    [Theory]
    [InlineData(10, 10)]
    [InlineData(100, 100)]
    [InlineData(500, 500)]
    [InlineData(1000, 1000)]
    public void Of_IoWeightWithBfq_ComesOutOfSystemdsArithmeticUnchanged(ushort weight, ulong expected)
    {
        var property = ScopeProperties.Of(new ResourcesSpec { BlockIO = new BlockIoSpec { Weight = weight } }, hasBfq: true).Single();
        var told = ulong.Parse(Text(property).Split('=')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(expected, told <= 100 ? told : 100 + ((told - 100) * 900 / 9900));
    }

    [Fact]
    public void Of_Idle_IsAWeightOfNone() => Assert.Equal(
        ["CPUWeight=0"], ScopeProperties.Of(new ResourcesSpec { Cpu = new CpuSpec { Idle = 1, Shares = 5 } }, hasBfq: false).Select(Text));

    [Theory]
    [InlineData("1-0")]
    [InlineData("a")]
    [InlineData("1-2-3")]
    [InlineData("0-99999999")]
    public void Bits_NoList_IsNull(string list) => Assert.Null(ScopeProperties.Bits(list));

    [Fact]
    public void Writer_Property_IsLaidOutAsSpecified()
    {
        var writer = new DBusWriter();
        SystemdProperty.Number("N", 1).Write(writer);

        // u32 1, 'N', 0 | signature: 1, 't', 0 | pad to 16 | u64 1
        Assert.Equal("01000000" + "4E00" + "017400" + "00000000000000" + "0100000000000000", Convert.ToHexString(writer.Written));
    }

    private static string Text(SystemdProperty property)
    {
        var writer = new DBusWriter();
        property.WriteValue(writer);
        return property.Signature switch
        {
            "t" => $"{property.Name}={BitConverter.ToUInt64(writer.Written)}",
            _ => $"{property.Name}={Convert.ToHexString(writer.Written[4..])}",
        };
    }
}
