using System.Globalization;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V2;

/// <summary>cpu of v2 (the kernel's Documentation/admin-guide/cgroup-v2.rst, "CPU Interface Files"). 0 is "not set".</summary>
internal static class CpuController
{
    private const string BurstFile = "cpu.max.burst";
    private const ulong LowestShares = 2;
    private const ulong HighestShares = 262_144;
    private const ulong LowestWeight = 1;
    private const ulong HighestWeight = 10_000;

    public static void Apply(ControlFolder folder, CpuSpec cpu)
    {
        // An idle group has no weight to set (EINVAL).
        if (cpu.Idle is { } idle)
        {
            folder.Write("cpu.idle", idle);
        }

        if (cpu.Shares is > 0 && cpu.Idle is not 1)
        {
            folder.Write("cpu.weight", Weight(cpu.Shares.Value));
        }

        ApplyBandwidth(folder, cpu);
    }

    /// <summary>
    /// v1 shares (2 to 262144) as a v2 weight (1 to 10000), by the curve all runtimes and kubelet have used since 2025: a quadratic in
    /// log2(shares) through (2, 1), (1024, 100) and (262144, 10000), so that the default of one is the default of the other.
    /// </summary>
    public static ulong Weight(ulong shares)
    {
        switch (shares)
        {
            case <= LowestShares:
                return LowestWeight;
            case >= HighestShares:
                return HighestWeight;
            default:
                var logarithm = Math.Log2(shares);
                var exponent = (((logarithm * logarithm) + (125 * logarithm)) / 612.0) - (7.0 / 34.0);
                return (ulong)Math.Ceiling(Math.Pow(10, exponent));
        }
    }

    // "MAX PERIOD"; MAX alone leaves the period. Burst may never exceed the quota: whether it can go first depends on the old values.
    private static void ApplyBandwidth(ControlFolder folder, CpuSpec cpu)
    {
        var burst = cpu.Burst?.ToString(CultureInfo.InvariantCulture);
        if (cpu is { Burst: > 0, Quota: > 0 } && cpu.Burst > (ulong)cpu.Quota)
        {
            throw folder.Refused(BurstFile, burst!, Errno.EINVAL, $"more than the quota {cpu.Quota}");
        }

        var early = burst is null ? Errno.None : folder.TryWrite(BurstFile, burst);
        var quota = cpu.Quota switch
        {
            null or 0 => null,
            < 0 => "max",
            _ => cpu.Quota.Value.ToString(CultureInfo.InvariantCulture),
        };
        if (cpu.Period is > 0)
        {
            quota ??= folder.Read("cpu.max")?.Split(' ')[0] ?? "max";
            folder.Write("cpu.max", $"{quota} {cpu.Period}");
        }
        else if (quota is not null)
        {
            folder.Write("cpu.max", quota);
        }

        if (early != Errno.None && !(early == Errno.ENOENT && cpu.Burst is 0))
        {
            folder.Write(BurstFile, burst!);
        }
    }
}
