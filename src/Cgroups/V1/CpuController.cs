using System.Globalization;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V1;

/// <summary>
/// cpu of v1 (the kernel's Documentation/scheduler/sched-bwc.rst and sched-rt-group.rst). 0 is "not set", as in every other runtime.
/// </summary>
internal static class CpuController
{
    private const string IdleFile = "cpu.idle";
    private const string SharesFile = "cpu.shares";
    private const string QuotaFile = "cpu.cfs_quota_us";
    private const string PeriodFile = "cpu.cfs_period_us";
    private const string BurstFile = "cpu.cfs_burst_us";

    public static void Apply(ControlFolder folder, CpuSpec cpu)
    {
        ApplyWeight(folder, cpu);
        ApplyBandwidth(folder, cpu);
        ApplyRealtime(folder, cpu);
    }

    // An idle group has no shares to set (EINVAL): leave idle first, or set nothing else.
    private static void ApplyWeight(ControlFolder folder, CpuSpec cpu)
    {
        if (cpu.Idle is { } idle)
        {
            folder.Write(IdleFile, idle);
        }

        if (cpu.Shares is > 0 && cpu.Idle is not 1)
        {
            folder.Write(SharesFile, cpu.Shares.Value);
        }
    }

    // The kernel checks quota, period and burst against each other at every single write: a parent's ratio bounds
    // quota/period, and burst may not exceed quota. Which write goes first depends on the old values.
    private static void ApplyBandwidth(ControlFolder folder, CpuSpec cpu)
    {
        var quota = cpu.Quota is null or 0 ? null : cpu.Quota.Value.ToString(CultureInfo.InvariantCulture);
        var period = cpu.Period is null or 0 ? null : cpu.Period.Value.ToString(CultureInfo.InvariantCulture);
        var burst = cpu.Burst?.ToString(CultureInfo.InvariantCulture);
        if (cpu is { Burst: > 0, Quota: > 0 } && cpu.Burst > (ulong)cpu.Quota)
        {
            throw folder.Refused(BurstFile, burst!, Errno.EINVAL, $"more than the quota {cpu.Quota}");
        }

        var early = burst is null ? Errno.None : folder.TryWrite(BurstFile, burst);
        folder.WriteBound(PeriodFile, period, QuotaFile, quota);
        if (early != Errno.None && !(early == Errno.ENOENT && cpu.Burst is 0))
        {
            folder.Write(BurstFile, burst!);
        }
    }

    private static void ApplyRealtime(ControlFolder folder, CpuSpec cpu)
    {
        folder.WriteBound(
            "cpu.rt_period_us",
            cpu.RealtimePeriod is > 0 ? cpu.RealtimePeriod.Value.ToString(CultureInfo.InvariantCulture) : null,
            "cpu.rt_runtime_us",
            cpu.RealtimeRuntime is null or 0 ? null : cpu.RealtimeRuntime.Value.ToString(CultureInfo.InvariantCulture));
    }
}
