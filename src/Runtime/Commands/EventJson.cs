using System.Text.Json;
using CriShim.Cgroups;

namespace CriShim.Runtime.Commands;

/// <summary>The lines of `events`, with the member names that callers of other runtimes know.</summary>
internal static class EventJson
{
    public static byte[] OutOfMemory(string id) => Line(id, "oom", null);

    public static byte[] Stats(string id, CgroupStats stats, IReadOnlyList<CgroupFolder> folders) => Line(id, "stats", writer =>
    {
        WriteCpu(writer, stats.Cpu, folders);
        EventDetails.WriteCpuset(writer, folders);
        WriteMemory(writer, stats.Memory, folders);
        writer.WriteStartObject("pids");
        writer.WriteNumber("current", stats.Pids?.Current ?? 0);
        WriteLimit(writer, stats.Pids?.Limit ?? ulong.MaxValue);
        writer.WriteEndObject();
        WriteIo(writer, stats.Io);
        writer.WriteStartObject("hugetlb");
        foreach (var pages in stats.Hugetlb)
        {
            writer.WriteStartObject(pages.PageSize);
            WriteUsage(writer, pages.UsageBytes, pages.PeakBytes, pages.FailCount);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteStartObject("intel_rdt");
        writer.WriteEndObject();
        writer.WriteNull("network_interfaces");
    });

    private static byte[] Line(string id, string type, Action<Utf8JsonWriter>? data)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("type", type);
            writer.WriteString("id", id);
            if (data is not null)
            {
                writer.WriteStartObject("data");
                data(writer);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static void WriteCpu(Utf8JsonWriter writer, CpuStats? cpu, IReadOnlyList<CgroupFolder> folders)
    {
        writer.WriteStartObject("cpu");
        writer.WriteStartObject("usage");
        writer.WriteNumber("total", cpu?.UsageNanoseconds ?? 0);
        EventDetails.WritePerCpu(writer, folders);
        writer.WriteNumber("kernel", cpu?.SystemNanoseconds ?? 0);
        writer.WriteNumber("user", cpu?.UserNanoseconds ?? 0);
        writer.WriteEndObject();
        writer.WriteStartObject("throttling");
        writer.WriteNumber("periods", cpu?.Periods ?? 0);
        writer.WriteNumber("throttledPeriods", cpu?.ThrottledPeriods ?? 0);
        writer.WriteNumber("throttledTime", cpu?.ThrottledNanoseconds ?? 0);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteMemory(Utf8JsonWriter writer, MemoryStats? memory, IReadOnlyList<CgroupFolder> folders)
    {
        var stats = memory ?? new MemoryStats { LimitBytes = ulong.MaxValue, SwapLimitBytes = ulong.MaxValue };
        writer.WriteStartObject("memory");
        writer.WriteNumber("cache", stats.CacheBytes);
        writer.WriteStartObject("usage");
        WriteLimit(writer, stats.LimitBytes);
        WriteUsage(writer, stats.UsageBytes, stats.PeakBytes, stats.FailCount);
        writer.WriteEndObject();
        writer.WriteStartObject("swap");
        WriteLimit(writer, stats.SwapLimitBytes);
        WriteUsage(writer, stats.SwapBytes, 0, 0);
        writer.WriteEndObject();
        writer.WriteStartObject("kernel");
        WriteUsage(writer, stats.KernelBytes, 0, 0);
        writer.WriteEndObject();
        EventDetails.WriteRawMemory(writer, folders);
        writer.WriteEndObject();
    }

    private static void WriteIo(Utf8JsonWriter writer, IReadOnlyList<IoStats> devices)
    {
        writer.WriteStartObject("blkio");
        WriteOperations(writer, "ioServiceBytesRecursive", devices, device => (device.ReadBytes, device.WriteBytes));
        WriteOperations(writer, "ioServicedRecursive", devices, device => (device.ReadOperations, device.WriteOperations));
        writer.WriteEndObject();
    }

    private static void WriteOperations(
        Utf8JsonWriter writer, string name, IReadOnlyList<IoStats> devices, Func<IoStats, (ulong Read, ulong Write)> values)
    {
        writer.WriteStartArray(name);
        foreach (var device in devices)
        {
            var (read, write) = values(device);
            foreach (var (operation, value) in new[] { ("Read", read), ("Write", write) })
            {
                writer.WriteStartObject();
                writer.WriteNumber("major", device.Major);
                writer.WriteNumber("minor", device.Minor);
                writer.WriteString("op", operation);
                writer.WriteNumber("value", value);
                writer.WriteEndObject();
            }
        }

        writer.WriteEndArray();
    }

    private static void WriteUsage(Utf8JsonWriter writer, ulong usage, ulong highest, ulong failures)
    {
        writer.WriteNumber("usage", usage);
        writer.WriteNumber("max", highest);
        writer.WriteNumber("failcnt", failures);
    }

    private static void WriteLimit(Utf8JsonWriter writer, ulong limit) => writer.WriteNumber("limit", limit);
}
