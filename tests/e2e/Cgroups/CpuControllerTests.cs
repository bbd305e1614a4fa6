using CriShim.E2e.Fixtures;
using CriShim.Oci.RuntimeSpec;
using static CriShim.E2e.Cgroups.ControllerTable;

namespace CriShim.E2e.Cgroups;

/// <summary>CPU time and CPUs.</summary>
public sealed class CpuControllerTests : ControlledTests
{
    private const string Spin = "while :; do :; done";

    [Fact]
    public void Quota_BusyLoop_IsThrottled()
    {
        using var bundle = new ControlledBundle(Cpu(new() { Quota = 10_000, Period = 50_000 }));
        var lines = bundle.Output(
            $"timeout 2 sh -c '{Spin}'; cg cpuacct/cpuacct.usage cpu.stat; cg cpu/cpu.stat cpu.stat | grep nr_throttled").Split('\n');
        var used = ControlledBundle.IsV2 ? Number(lines.First(line => line.StartsWith("usage_usec", StringComparison.Ordinal))) * 1000 : Number(lines[0]);
        Assert.InRange(used, 0, 1_200_000_000); // a fifth of two seconds, and what the kernel overdraws
        Assert.InRange(Number(lines[^1]), 5, 1000);
    }

    [Fact]
    public void Burst_AfterIdleTime_IsUsed()
    {
        using var bundle = new ControlledBundle(Cpu(new() { Quota = 20_000, Period = 100_000, Burst = 20_000 }));
        var bursts = bundle.Output($"for i in 1 2 3 4; do sleep 0.3; timeout 0.2 sh -c '{Spin}'; done; cg cpu/cpu.stat cpu.stat | grep nr_bursts");
        Assert.InRange(Number(bursts), 1, 1000);
    }

    /// <summary>By shares, and by being idle: what runs only where nobody else wants to.</summary>
    [Theory]
    [InlineData(128UL, null)]
    [InlineData(null, 1L)]
    public async Task Shares_TwoOnOneCpu_GetTheirParts(ulong? shares, long? idle)
    {
        // The small one is begun first and ended last: beside the other it would take long.
        using var small = new ControlledBundle(Cpu(new() { Shares = shares, Idle = idle, Cpus = "0" }));
        using var large = new ControlledBundle(Cpu(new() { Shares = 8192, Cpus = "0" }));
        small.Bundle.Start("sh", "-c", Spin);
        large.Bundle.Start("sh", "-c", Spin);
        var (first, second) = await MeasureAsync(large.CpuNanoseconds, small.CpuNanoseconds);
        Assert.True(first > 4 * second, $"{first} ns against {second}");
    }

    [Fact]
    public void Cpuset_OneCpu_IsAllThereIs()
    {
        using var bundle = new ControlledBundle(Cpu(new() { Cpus = "0", Mems = "0" }));
        Assert.Equal("1\n0\n0", bundle.Output("nproc; grep -E '(Cpus|Mems)_allowed_list' /proc/self/status | cut -f2"));
    }

    [NeedsFact(KernelNeed.RealtimeGroups)]
    public void Realtime_WithoutARuntime_IsRefusedByTheKernel()
    {
        using var bundle = Realtime(new ResourcesSpec());
        var result = bundle.Run("echo ran");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("set scheduler: operation not permitted", result.Error, StringComparison.Ordinal);
    }

    [NeedsFact(KernelNeed.RealtimeGroups)]
    public async Task Realtime_BusyLoop_GetsItsRuntimeAndNoMore()
    {
        using var bundle = Realtime(Cpu(new() { RealtimeRuntime = 20_000, RealtimePeriod = 100_000, Cpus = "0" }));
        bundle.Bundle.Start("sh", "-c", Spin);
        var used = (await MeasureAsync(bundle.CpuNanoseconds, () => 0)).First;
        Assert.InRange(used, 100_000_000, 500_000_000); // a fifth of a second, and what the kernel overdraws
    }

    /// <summary>A container whose process is a realtime one.</summary>
    private static ControlledBundle Realtime(ResourcesSpec resources)
    {
        var bundle = new ControlledBundle(resources);
        bundle.Bundle.Spec = bundle.Bundle.Spec with
        {
            Process = bundle.Bundle.Spec.Process! with { Scheduler = new SchedulerSpec { Policy = "SCHED_FIFO", Priority = 1 } },
        };
        return bundle;
    }
}
