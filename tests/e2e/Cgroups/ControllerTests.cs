using System.Globalization;
using CriShim.E2e.Fixtures;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;
using static CriShim.E2e.Cgroups.ControllerTable;

namespace CriShim.E2e.Cgroups;

/// <summary>
/// Each controller through the published runtime, on whatever cgroups the machine has: what is set is what the process inside sees, and what
/// the kernel enforces.
/// </summary>
public sealed class ControllerTests : IAsyncLifetime
{
    private readonly LeakCheck _leaks = new();

    public static TheoryData<string> Settings => [.. ControllerTable.Settings.Where(setting => setting.File != "-").Select(setting => setting.Name)];

    public static TheoryData<string> Refusals => [.. ControllerTable.Refusals.Where(refusal => refusal.IsHere).Select(refusal => refusal.Name)];

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _leaks.AssertCleanAsync();

    [Theory]
    [MemberData(nameof(Settings))]
    public void Setting_Inside_IsWhatWasSet(string name)
    {
        var setting = ControllerTable.Settings.Single(setting => setting.Name == name);
        using var bundle = new ControlledBundle(setting.Resources);
        Assert.Equal(setting.Value, bundle.Output($"cat /sys/fs/cgroup/{setting.File}"));
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Setting_Impossible_IsAnErrorThatNamesItAndLeavesNothing(string name)
    {
        var refusal = ControllerTable.Refusals.Single(refusal => refusal.Name == name && refusal.IsHere);
        using var bundle = new ControlledBundle(refusal.Resources);
        var result = bundle.Run("echo ran");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Contains(refusal.Error, result.Error, StringComparison.Ordinal);
        Assert.NotEqual(0, bundle.Bundle.Run("state", bundle.Bundle.Id).ExitCode);
    }

    [Fact]
    public void CpuQuota_BusyLoop_IsThrottled()
    {
        using var bundle = new ControlledBundle(Cpu(new() { Quota = 10_000, Period = 50_000 }));
        var lines = bundle.Output(
            "timeout 2 sh -c 'while :; do :; done'; cg cpuacct/cpuacct.usage cpu.stat; cg cpu/cpu.stat cpu.stat | grep nr_throttled").Split('\n');
        var used = ControlledBundle.IsV2 ? Number(lines.First(line => line.StartsWith("usage_usec", StringComparison.Ordinal))) * 1000 : Number(lines[0]);
        Assert.InRange(used, 0, 1_200_000_000); // a fifth of two seconds, and what the kernel overdraws
        Assert.InRange(Number(lines[^1]), 5, 1000);
    }

    [Fact]
    public async Task CpuShares_TwoOnOneCpu_GetTheirParts()
    {
        using var large = new ControlledBundle(Cpu(new() { Shares = 8192, Cpus = "0" }));
        using var small = new ControlledBundle(Cpu(new() { Shares = 128, Cpus = "0" }));
        large.Bundle.Start("sh", "-c", "while :; do :; done");
        small.Bundle.Start("sh", "-c", "while :; do :; done");
        var before = (large.CpuNanoseconds(), small.CpuNanoseconds());
        await Task.Delay(TimeSpan.FromSeconds(2)); // a measurement's time
        var (first, second) = (large.CpuNanoseconds() - before.Item1, small.CpuNanoseconds() - before.Item2);
        Assert.True(first > 4 * second, $"{first} ns against {second}");
    }

    [Fact]
    public void Cpuset_OneCpu_IsAllThereIs()
    {
        using var bundle = new ControlledBundle(Cpu(new() { Cpus = "0", Mems = "0" }));
        Assert.Equal("1\n0\n0", bundle.Output("nproc; grep -E '(Cpus|Mems)_allowed_list' /proc/self/status | cut -f2"));
    }

    [Fact]
    public void Memory_MoreThanTheLimit_IsKilled()
    {
        using var bundle = new ControlledBundle(Memory(new() { Limit = 32 * Mebibyte, Swap = 32 * Mebibyte }));
        Assert.Equal(137, bundle.Run("exec dd if=/dev/zero of=/dev/null bs=64M count=1").ExitCode);
    }

    [Fact]
    public void Memory_LessThanLimitAndSwap_Lives()
    {
        if (!ControlledBundle.HasSwap)
        {
            return;
        }

        using var bundle = new ControlledBundle(Memory(new() { Limit = 32 * Mebibyte, Swap = 128 * Mebibyte }));
        bundle.Output("dd if=/dev/zero of=/dev/null bs=64M count=1");
    }

    [Theory]
    [InlineData("0", "survived")]
    [InlineData("1", "")]
    public void MemoryOomGroup_OneOverTheLimit_AllOrOneAreKilled(string group, string output)
    {
        if (!ControlledBundle.IsV2)
        {
            return;
        }

        using var bundle = new ControlledBundle(new ResourcesSpec
        {
            Memory = new MemorySpec { Limit = 32 * Mebibyte, Swap = 32 * Mebibyte },
            Unified = new Dictionary<string, string> { ["memory.oom.group"] = group },
        });
        Assert.Equal(output, bundle.Run("dd if=/dev/zero of=/dev/null bs=64M count=1; echo survived").Output.TrimEnd());
    }

    [Fact]
    public void MemoryHigh_Exceeded_IsCounted()
    {
        if (!ControlledBundle.IsV2)
        {
            return;
        }

        using var bundle = new ControlledBundle(Unified("memory.high", $"{8 * Mebibyte}"));
        var high = bundle.Output("dd if=/dev/zero of=/dev/null bs=24M count=1 2>&1 | cut -c1-0; grep ^high /sys/fs/cgroup/memory.events");
        Assert.InRange(Number(high.Trim()), 1, long.MaxValue);
    }

    [Fact]
    public void Pids_OneTooMany_IsRefused()
    {
        using var bundle = new ControlledBundle(new ResourcesSpec { Pids = new PidsSpec { Limit = 5 } });
        var result = bundle.Run("for i in 1 2 3 4 5 6 7 8; do sleep 30 & done; echo all");
        Assert.DoesNotContain("all", result.Output, StringComparison.Ordinal);
        Assert.Contains("fork", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("w", "written refused")]
    [InlineData("rw", "written refused")] // reading needs CAP_SYSLOG beside
    [InlineData("", "refused refused")]
    [InlineData("r", "refused refused")]
    public void Devices_Rule_DecidesEachAccess(string access, string expected)
    {
        var deny = new DeviceRuleSpec { Allow = false, Access = "rwm" };
        var allow = new DeviceRuleSpec { Allow = true, Type = "c", Major = 1, Minor = 11, Access = access };
        using var bundle = new ControlledBundle(new ResourcesSpec { Devices = access.Length == 0 ? [deny] : [deny, allow] });
        bundle.Bundle.Spec = bundle.Bundle.Spec with
        {
            Linux = bundle.Bundle.Spec.Linux! with { Devices = [new() { Path = "/dev/kernel-log", Type = "c", Major = 1, Minor = 11, FileMode = 0b110_110_110 }] },
        };
        Assert.Equal(
            expected,
            bundle.Output("(: > /dev/kernel-log) 2>/dev/null && printf 'written ' || printf 'refused '; (: < /dev/kernel-log) 2>/dev/null && echo read || echo refused"));
    }

    [Fact]
    public void Io_Throttled_TakesItsTime()
    {
        using var probe = new ControlledBundle(new ResourcesSpec());
        if (probe.Disk is not var (major, minor))
        {
            return;
        }

        using var bundle = new ControlledBundle(new ResourcesSpec
        {
            BlockIO = new BlockIoSpec { ThrottleWriteBpsDevice = [new() { Major = major, Minor = minor, Rate = 4 * (ulong)Mebibyte }] },
        });
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var seen = bundle.Output("dd if=/dev/zero of=/disk/file bs=1M count=8 oflag=direct 2>/dev/null; cg blkio/blkio.throttle.write_bps_device io.max");
        Assert.InRange(clock.Elapsed.TotalSeconds, 1.5, 60);
        Assert.StartsWith($"{major}:{minor} ", seen, StringComparison.Ordinal);
        Assert.Contains("4194304", seen, StringComparison.Ordinal);
    }

    [Fact]
    public void Hugetlb_MoreThanTheLimit_IsRefused()
    {
        if (!ControlledBundle.IsV2 || Number(File.ReadLines("/proc/meminfo").First(line => line.StartsWith("HugePages_Free", StringComparison.Ordinal))) < 2)
        {
            return;
        }

        using var bundle = new ControlledBundle(new ResourcesSpec { HugepageLimits = [new() { PageSize = "2MB", Limit = 2 * (ulong)Mebibyte }] });
        bundle.Bundle.Spec = bundle.Bundle.Spec with
        {
            Mounts = [.. bundle.Bundle.Spec.Mounts!, new MountSpec { Destination = "/disk", Type = "hugetlbfs", Source = "hugetlbfs", Options = ["pagesize=2M"] }],
        };
        Assert.Equal("one", bundle.Run("fallocate -l 2M /disk/a && echo one; fallocate -l 2M /disk/b && echo two").Output.TrimEnd());
    }

    /// <summary>Controllers that this machine has not mounted, mounted for one runtime alone.</summary>
    [V1Fact]
    public void NetworkControllers_MountedForIt_AreSeenInside()
    {
        if (!File.ReadAllText("/proc/cgroups").Contains("net_cls\t0\t", StringComparison.Ordinal))
        {
            return;
        }

        using var bundle = new ControlledBundle(new ResourcesSpec
        {
            Network = new NetworkSpec { ClassID = 0x10_0001, Priorities = [new() { Name = "lo", Priority = 5 }] },
        });
        bundle.Bundle.WriteSpec("sh", "-c", "cd /sys/fs/cgroup/net; cat net_cls.classid; grep lo net_prio.ifpriomap");
        const string Script =
            """
            attach() { mount -t cgroup -o net_cls,net_prio none "$1/net"; }
            mkdir -p "$1/net" && attach "$1" || exit 99
            "$2" --root "$1/state" run --bundle "$1" "$3"; code=$?
            umount "$1/net"
            # The hierarchy stays while the kernel has not freed its cgroups, and then goes with the next unmount.
            for i in $(seq 100); do grep -q '^net_cls[[:space:]]0' /proc/cgroups && break; attach "$1"; umount "$1/net"; sleep 0.1; done
            exit $code
            """;
        var result = Command.Run("unshare", ["-m", "sh", "-c", Script, "sh", bundle.Bundle.Path, Binaries.Runtime, bundle.Bundle.Id]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal($"{0x10_0001}\nlo 5\n", result.Output);
    }

    /// <summary>The last word of a line, or the first with a unit behind it.</summary>
    private static long Number(string line) =>
        long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Last(word => char.IsAsciiDigit(word[0])), CultureInfo.InvariantCulture);
}
