using System.Globalization;
using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>Cgroup limits. A zero or empty field of the API is "not given" and leaves the setting alone.</summary>
internal static class SpecResources
{
    private const string Field = "linux.resources";
    private const long MinimumQuotaMicroseconds = 1000;
    private const long MaximumQuotaMicroseconds = (1L << 44) - 1; // MAX_BW of the kernel's sched/core.c
    private const long MaximumPeriodMicroseconds = 1_000_000;

    /// <summary>Figures that are told and not applied: a pod's, of which its parent cgroup is made.</summary>
    /// <param name="field">Where they are.</param>
    /// <exception cref="CriException">InvalidArgument, naming the field.</exception>
    public static void CheckFigures(LinuxContainerResources? told, string field)
    {
        (string Name, long Value, long Least)[] figures = told is null ? [] :
        [
            ("cpu_shares", told.CpuShares, 0), ("cpu_quota", told.CpuQuota, -1), ("cpu_period", told.CpuPeriod, 0),
            ("memory_limit_in_bytes", told.MemoryLimitInBytes, -1), ("memory_swap_limit_in_bytes", told.MemorySwapLimitInBytes, -1),
        ];
        foreach (var (name, value, least) in figures)
        {
            if (value < least)
            {
                throw CriException.InvalidArgument($"{field}.{name} {value} is negative");
            }
        }
    }

    /// <summary>Without device rules, which <see cref="SpecDevices"/> makes.</summary>
    /// <exception cref="CriException">InvalidArgument, naming the field.</exception>
    public static ResourcesSpec Build(LinuxContainerResources? asked, HostFacts host, SpecOptions options) => asked is null
        ? new ResourcesSpec()
        : new ResourcesSpec
        {
            Cpu = Cpu(asked),
            Memory = Memory(asked, host, options),
            HugepageLimits = Hugepages(asked),
            Unified = Unified(asked, host),
        };

    private static CpuSpec? Cpu(LinuxContainerResources asked)
    {
        Require(asked.CpuShares >= 0, "cpu_shares", asked.CpuShares, "is negative");
        Require(asked.CpuQuota is 0 or -1 or >= MinimumQuotaMicroseconds, "cpu_quota", asked.CpuQuota, "is below 1000 microseconds");
        Require(asked.CpuQuota <= MaximumQuotaMicroseconds, "cpu_quota", asked.CpuQuota, "is more than the kernel counts");
        Require(
            asked.CpuPeriod is 0 or (>= MinimumQuotaMicroseconds and <= MaximumPeriodMicroseconds),
            "cpu_period",
            asked.CpuPeriod,
            "is not within 1000 to 1000000 microseconds");
        RequireList(asked.CpusetCpus, "cpuset_cpus");
        RequireList(asked.CpusetMems, "cpuset_mems");
        var cpu = new CpuSpec
        {
            Shares = asked.CpuShares == 0 ? null : (ulong)asked.CpuShares,
            Quota = asked.CpuQuota == 0 ? null : asked.CpuQuota,
            Period = asked.CpuPeriod == 0 ? null : (ulong)asked.CpuPeriod,
            Cpus = NullIfEmpty(asked.CpusetCpus),
            Mems = NullIfEmpty(asked.CpusetMems),
        };
        return cpu == new CpuSpec() ? null : cpu;
    }

    private static MemorySpec? Memory(LinuxContainerResources asked, HostFacts host, SpecOptions options)
    {
        var limit = asked.MemoryLimitInBytes;
        var swap = asked.MemorySwapLimitInBytes;
        Require(limit >= -1, "memory_limit_in_bytes", limit, "is negative");
        Require(
            limit <= 0 || limit >= options.MinimumMemoryBytes,
            "memory_limit_in_bytes",
            limit,
            $"is below the minimum of {options.MinimumMemoryBytes}");
        Require(swap >= -1, "memory_swap_limit_in_bytes", swap, "is negative");
        Require(swap <= 0 || swap >= limit, "memory_swap_limit_in_bytes", swap, "is below the memory limit, which it includes");
        Require(swap <= 0 || limit > 0, "memory_swap_limit_in_bytes", swap, "is given without a memory limit, which it includes");
        var memory = new MemorySpec
        {
            Limit = limit == 0 ? null : limit,
            Swap = swap == 0 || !host.SwapAccounting ? null : swap,
        };
        return memory == new MemorySpec() ? null : memory;
    }

    private static HugepageLimitSpec[]? Hugepages(LinuxContainerResources asked)
    {
        foreach (var size in asked.HugepageLimits.Select(limit => limit.PageSize))
        {
            if (!IsPageSize(size))
            {
                throw CriException.InvalidArgument(
                    $"{Field}.hugepage_limits: \"{TextRules.Printable(size)}\" is not a page size such as 2MB");
            }
        }

        return asked.HugepageLimits.Count == 0
            ? null
            : [.. asked.HugepageLimits.Select(limit => new HugepageLimitSpec { PageSize = limit.PageSize, Limit = limit.Limit })];
    }

    private static Dictionary<string, string>? Unified(LinuxContainerResources asked, HostFacts host)
    {
        if (asked.Unified.Count == 0)
        {
            return null;
        }

        if (!host.CgroupUnified)
        {
            throw CriException.InvalidArgument($"{Field}.unified needs cgroup v2, which this host does not use");
        }

        foreach (var (key, value) in asked.Unified)
        {
            // The key becomes a file name in the container's cgroup; only controller files have a dot inside.
            var isFile = key.IndexOf('.') > 0 && !key.StartsWith("cgroup.", StringComparison.Ordinal) && !key.Contains('/');
            if (!isFile || TextRules.HasControlCharacter(key) || value.Contains('\0'))
            {
                throw CriException.InvalidArgument($"{Field}.unified: \"{TextRules.Printable(key)}\" is not a controller's file");
            }
        }

        return new Dictionary<string, string>(asked.Unified);
    }

    private static void Require(bool holds, string field, long value, string problem)
    {
        if (!holds)
        {
            throw CriException.InvalidArgument($"{Field}.{field} {value} {problem}");
        }
    }

    /// <summary>cpuset(7), "List format".</summary>
    private static void RequireList(string list, string field)
    {
        if (list.Length > 0 && !list.Split(',').All(IsRange))
        {
            throw CriException.InvalidArgument($"{Field}.{field} \"{TextRules.Printable(list)}\" is not a list such as 0-2,7");
        }
    }

    /// <summary>"5", or "0-2".</summary>
    private static bool IsRange(string text)
    {
        var ends = text.Trim(' ').Split('-').Select(end => ushort.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1);
        return ends.ToArray() switch
        {
            [var only] => only >= 0,
            [var first, var last] => first >= 0 && first <= last,
            _ => false,
        };
    }

    private static bool IsPageSize(string size)
    {
        var digits = size.AsSpan().TrimEnd("KMGB");
        return digits.Length > 0 && !digits.ContainsAnyExceptInRange('0', '9') && size.AsSpan()[digits.Length..] is "KB" or "MB" or "GB";
    }

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
