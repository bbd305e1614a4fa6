using System.Globalization;
using CriShim.Cgroups.V2;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.Systemd;

/// <summary>
/// Limits as properties of a scope (systemd.resource-control(5)). The files are written as well, by us: systemd has no property for some,
/// and for the others it only has to know what to write when it is reloaded. What is not given is no property. Devices are not systemd's:
/// our program stays attached beside any of its own.
/// </summary>
internal static class ScopeProperties
{
    private const ulong Unlimited = ulong.MaxValue;
    private const ulong MicrosecondsPerSecond = 1_000_000;
    private const ulong UsualPeriod = 100_000;
    private const int CpusPerByte = 8;

    /// <summary>systemd's word for cpu.idle.</summary>
    private const ulong IdleWeight = 0;

    /// <summary>What every container's scope has, and the process that holds it open until the container's own is in it.</summary>
    public static IReadOnlyList<SystemdProperty> Base(ScopePath scope, uint holder) =>
    [
        SystemdProperty.Text("Description", "CriShim container"),
        SystemdProperty.Text("Slice", scope.Slice),
        SystemdProperty.Numbers("PIDs", holder),
        SystemdProperty.Flag("Delegate", true), // the cgroup below is ours: systemd leaves it and its processes alone
        SystemdProperty.Flag("DefaultDependencies", false),
        SystemdProperty.Text("CollectMode", "inactive-or-failed"),
    ];

    /// <summary>
    /// What can be told only when the scope begins. systemd sets memory.oom.group by its OOMPolicy again and again; one before 253 knows none
    /// for scopes, and leaves the file alone.
    /// </summary>
    public static IReadOnlyList<SystemdProperty> AtStart(ResourcesSpec resources) =>
        resources.Unified?.GetValueOrDefault("memory.oom.group") == "1" ? [SystemdProperty.Text("OOMPolicy", "kill") with { IsOptional = true }] : [];

    /// <summary>Limits that can be changed at any time.</summary>
    /// <param name="resources">The limits.</param>
    /// <param name="hasBfq">
    /// The kernel has io.bfq.weight, which systemd then sets too, on a scale of its own. Null: not known yet, and no weight is told.
    /// </param>
    public static IReadOnlyList<SystemdProperty> Of(ResourcesSpec resources, bool? hasBfq)
    {
        var properties = new List<SystemdProperty>();
        AddCpu(properties, resources.Cpu);
        AddMemory(properties, resources.Memory);
        if (resources.Pids is { } pids)
        {
            properties.Add(SystemdProperty.Number("TasksMax", pids.Limit > 0 ? (ulong)pids.Limit : Unlimited));
        }

        if (hasBfq is { } bfq && resources.BlockIO?.Weight is > 0 and var weight)
        {
            properties.Add(SystemdProperty.Number("IOWeight", bfq ? WeightForBfq(weight) : IoController.Weight(weight)));
        }

        AddUnified(properties, resources.Unified);
        return properties;
    }

    /// <summary>"0-2,5" as systemd has it: a bit for each, the lowest first. Null when the text is no such list.</summary>
    public static byte[]? Bits(string list)
    {
        const int HighestNumber = 8191; // CPUs of the largest kernel
        var bits = new List<byte>();
        foreach (var part in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            if (!int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                || ends.Length > 2 || first > last || last > HighestNumber)
            {
                return null;
            }

            for (var number = first; number <= last; number++)
            {
                while (bits.Count <= number / CpusPerByte)
                {
                    bits.Add(0);
                }

                bits[number / CpusPerByte] |= (byte)(1 << (number % CpusPerByte));
            }
        }

        return [.. bits];
    }

    // The inverse of BFQ_WEIGHT() in systemd's src/basic/cgroup-util.h: 1 to 100 stay, 100 to 10000 become 100 to 1000.
    private static ulong WeightForBfq(ushort weight) => weight <= 100 ? weight : 100 + ((ulong)(Math.Min(weight, (ushort)1000) - 100) * 11);

    private static void AddCpu(List<SystemdProperty> properties, CpuSpec? cpu)
    {
        if (cpu is null)
        {
            return;
        }

        if (cpu.Idle is 1)
        {
            properties.Add(SystemdProperty.Number("CPUWeight", IdleWeight));
        }
        else if (cpu.Shares is > 0)
        {
            properties.Add(SystemdProperty.Number("CPUWeight", CpuController.Weight(cpu.Shares.Value)));
        }

        AddBandwidth(properties, cpu.Quota is null or 0 ? null : cpu.Quota, cpu.Period is > 0 ? cpu.Period : null);
        AddSet(properties, "AllowedCPUs", cpu.Cpus);
        AddSet(properties, "AllowedMemoryNodes", cpu.Mems);
    }

    // systemd keeps time a second, and makes quota of it again with the period: rounded up, it comes out as it went in.
    private static void AddBandwidth(List<SystemdProperty> properties, long? quota, ulong? period)
    {
        if (period is not null)
        {
            properties.Add(SystemdProperty.Number("CPUQuotaPeriodUSec", period.Value));
        }

        if (quota is not null)
        {
            var length = period ?? UsualPeriod;
            properties.Add(SystemdProperty.Number(
                "CPUQuotaPerSecUSec", quota < 0 ? Unlimited : (((ulong)quota * MicrosecondsPerSecond) + length - 1) / length));
        }
    }

    private static void AddSet(List<SystemdProperty> properties, string name, string? list)
    {
        if (!string.IsNullOrEmpty(list) && Bits(list) is { } bits)
        {
            properties.Add(SystemdProperty.Bytes(name, bits));
        }
    }

    private static void AddMemory(List<SystemdProperty> properties, MemorySpec? memory)
    {
        if (memory is null)
        {
            return;
        }

        AddBytes(properties, "MemoryMax", memory.Limit);
        AddBytes(properties, "MemoryLow", memory.Reservation);
        if (memory.Swap is -1 || (memory.Swap is > 0 && memory.Limit is > 0 && memory.Swap >= memory.Limit))
        {
            properties.Add(SystemdProperty.Number("MemorySwapMax", memory.Swap < 0 ? Unlimited : (ulong)(memory.Swap - memory.Limit)!));
        }
    }

    private static void AddBytes(List<SystemdProperty> properties, string name, long? bytes)
    {
        if (bytes is not (null or 0))
        {
            properties.Add(SystemdProperty.Number(name, bytes < 0 ? Unlimited : (ulong)bytes));
        }
    }

    private static void AddUnified(List<SystemdProperty> properties, IReadOnlyDictionary<string, string>? settings)
    {
        foreach (var (file, value) in settings ?? new Dictionary<string, string>())
        {
            switch (file)
            {
                case "cpu.max" when value.Split(' ') is [var quota, .. var period]:
                    AddBandwidth(
                        properties,
                        quota == "max" ? -1 : long.TryParse(quota, out var time) ? time : null,
                        period.Length > 0 && ulong.TryParse(period[0], out var length) ? length : null);
                    break;
                case "cpuset.cpus":
                    AddSet(properties, "AllowedCPUs", value);
                    break;
                case "cpuset.mems":
                    AddSet(properties, "AllowedMemoryNodes", value);
                    break;
                default:
                    AddNumber(properties, NameOf(file), value);
                    break;
            }
        }
    }

    private static string? NameOf(string file) => file switch
    {
        "cpu.weight" => "CPUWeight",
        "io.weight" => "IOWeight",
        "memory.min" => "MemoryMin",
        "memory.low" => "MemoryLow",
        "memory.high" => "MemoryHigh",
        "memory.max" => "MemoryMax",
        "memory.swap.max" => "MemorySwapMax",
        "pids.max" => "TasksMax",
        _ => null,
    };

    private static void AddNumber(List<SystemdProperty> properties, string? name, string value)
    {
        ulong number = 0;
        if (name is not null && (value == "max" || ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out number)))
        {
            properties.Add(SystemdProperty.Number(name, value == "max" ? Unlimited : number));
        }
    }
}
