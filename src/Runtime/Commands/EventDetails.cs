using System.Globalization;
using System.Text.Json;
using CriShim.Cgroups;

namespace CriShim.Runtime.Commands;

/// <summary>Members of an event that are the kernel's files, as they are; what a hierarchy does not have is left out.</summary>
internal static class EventDetails
{
    private static readonly string[] s_cpusetNumbers =
    [
        "cpu_exclusive", "mem_hardwall", "mem_exclusive", "memory_migrate", "memory_spread_page", "memory_spread_slab", "memory_pressure",
        "sched_load_balance", "sched_relax_domain_level",
    ];

    /// <summary>Nanoseconds of each CPU (v1).</summary>
    public static void WritePerCpu(Utf8JsonWriter writer, IReadOnlyList<CgroupFolder> folders)
    {
        if (Read(folders, "cpuacct", "cpuacct.usage_percpu") is { } text)
        {
            WriteNumbers(writer, "percpu", text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(ulong.Parse));
        }
    }

    public static void WriteRawMemory(Utf8JsonWriter writer, IReadOnlyList<CgroupFolder> folders)
    {
        writer.WriteStartObject("raw");
        foreach (var line in (Read(folders, "memory", "memory.stat") ?? "").Split('\n'))
        {
            if (line.Split(' ') is [var name, var value] && ulong.TryParse(value, CultureInfo.InvariantCulture, out var number))
            {
                writer.WriteNumber(name, number);
            }
        }

        writer.WriteEndObject();
    }

    public static void WriteCpuset(Utf8JsonWriter writer, IReadOnlyList<CgroupFolder> folders)
    {
        writer.WriteStartObject("cpuset");
        foreach (var (name, file) in new[] { ("cpus", "cpuset.cpus"), ("mems", "cpuset.mems") })
        {
            if (Read(folders, "cpuset", file) is { Length: > 0 } list)
            {
                WriteNumbers(writer, name, list.Split(',').SelectMany(Range));
            }
        }

        foreach (var name in s_cpusetNumbers)
        {
            if (long.TryParse(Read(folders, "cpuset", "cpuset." + name), CultureInfo.InvariantCulture, out var number))
            {
                writer.WriteNumber(name, number);
            }
        }

        writer.WriteEndObject();
    }

    /// <summary>"0-3" or "5" of a list (cpuset(7), "List format").</summary>
    private static IEnumerable<ulong> Range(string part)
    {
        var ends = part.Split('-');
        for (var number = ulong.Parse(ends[0], CultureInfo.InvariantCulture); number <= ulong.Parse(ends[^1], CultureInfo.InvariantCulture); number++)
        {
            yield return number;
        }
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, IEnumerable<ulong> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }

    /// <summary>Of the v1 hierarchy with the controller, or of v2; null where the file is not there.</summary>
    private static string? Read(IReadOnlyList<CgroupFolder> folders, string controller, string file)
    {
        var folder = folders.FirstOrDefault(item => item.Controllers.Split(',').Contains(controller)) ?? folders.FirstOrDefault(item => item.Controllers.Length == 0);
        try
        {
            return folder is null ? null : File.ReadAllText(Path.Combine(folder.Path, file)).Trim();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
