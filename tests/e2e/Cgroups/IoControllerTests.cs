using System.Diagnostics;
using CriShim.E2e.Fixtures;
using CriShim.Oci.RuntimeSpec;
using static CriShim.E2e.Cgroups.ControllerTable;

namespace CriShim.E2e.Cgroups;

/// <summary>Block I/O, on a disk of the test's own.</summary>
public sealed class IoControllerTests : ControlledTests
{
    private const string ReadAll = "while :; do dd if=/dev/disk of=/dev/null bs=64k iflag=direct; done";

    [Theory]
    [InlineData("read_bps", "rbps", "dd if=/dev/disk of=/dev/null bs=64k count=48 iflag=direct")]
    [InlineData("write_bps", "wbps", "dd if=/dev/zero of=/dev/disk bs=64k count=48 oflag=direct")]
    [InlineData("read_iops", "riops", "dd if=/dev/disk of=/dev/null bs=4k count=48 iflag=direct")]
    [InlineData("write_iops", "wiops", "dd if=/dev/zero of=/dev/disk bs=4k count=48 oflag=direct")]
    public void Throttle_48Blocks_TakeTheirTime(string v1, string v2, string copy)
    {
        var isBytes = v2.EndsWith("bps", StringComparison.Ordinal);
        var rate = isBytes ? 32UL * 65_536 : 32; // blocks a second
        using var disk = new LoopDisk();
        ThrottleDeviceSpec[] limit = [new() { Major = disk.Major, Minor = disk.Minor, Rate = rate }];
        using var bundle = disk.Bundle(new ResourcesSpec
        {
            BlockIO = v2 switch
            {
                "rbps" => new() { ThrottleReadBpsDevice = limit },
                "wbps" => new() { ThrottleWriteBpsDevice = limit },
                "riops" => new() { ThrottleReadIopsDevice = limit },
                _ => new() { ThrottleWriteIopsDevice = limit },
            },
        });
        var clock = Stopwatch.StartNew();
        var seen = bundle.Output($"{copy} 2>/dev/null && cg blkio/blkio.throttle.{v1}_device io.max");
        Assert.InRange(clock.Elapsed.TotalSeconds, 1, 60);
        Assert.StartsWith(disk.Number + " ", seen, StringComparison.Ordinal);
        Assert.Contains($"{rate}", seen, StringComparison.Ordinal);
    }

    /// <summary>Of all disks, and of this one.</summary>
    [NeedsTheory(KernelNeed.Bfq)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BfqWeight_TwoReaders_GetTheirParts(bool ofDevice)
    {
        using var disk = new LoopDisk("bfq");
        BlockIoSpec Weight(ushort weight) => ofDevice
            ? new() { WeightDevice = [new() { Major = disk.Major, Minor = disk.Minor, Weight = weight }] }
            : new() { Weight = weight };
        await CompareReadersAsync(disk, new() { BlockIO = Weight(1000) }, new() { BlockIO = Weight(50) });
    }

    [NeedsFact(KernelNeed.CgroupV2, KernelNeed.IoCost)]
    public async Task IoWeight_TwoReaders_GetTheirParts()
    {
        using var disk = new LoopDisk();

        // A disk of 16 MiB/s, says the model, and never faster nor slower.
        File.WriteAllText("/sys/fs/cgroup/io.cost.model", $"{disk.Number} ctrl=user model=linear rbps={16 * Mebibyte} rseqiops=256 rrandiops=256 wbps={16 * Mebibyte} wseqiops=256 wrandiops=256");
        File.WriteAllText("/sys/fs/cgroup/io.cost.qos", $"{disk.Number} enable=1 ctrl=user rpct=0 wpct=0 min=100 max=100");
        try
        {
            await CompareReadersAsync(disk, Unified("io.weight", "1000"), Unified("io.weight", "50"));
        }
        finally
        {
            File.WriteAllText("/sys/fs/cgroup/io.cost.qos", $"{disk.Number} enable=0");
        }
    }

    private static async Task CompareReadersAsync(LoopDisk disk, ResourcesSpec more, ResourcesSpec less)
    {
        using var small = disk.Bundle(less);
        using var large = disk.Bundle(more);
        small.Bundle.Start("sh", "-c", ReadAll);
        large.Bundle.Start("sh", "-c", ReadAll);
        var (first, second) = await MeasureAsync(() => large.ReadBytes(disk.Major, disk.Minor), () => small.ReadBytes(disk.Major, disk.Minor));
        Assert.True(second > 0 && first > 3 * second, $"{first} bytes against {second}");
    }
}
