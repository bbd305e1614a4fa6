using System.Globalization;
using System.Text.Json.Nodes;

namespace CriShim.TestKit;

/// <summary>Finds a container's supervisor by the record it wrote.</summary>
public static class Supervisors
{
    public static int Of(string stateFolder, string containerId) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(stateFolder, "containers", containerId, "supervisor.json")))!["supervisorPid"]!.GetValue<int>();
}

/// <summary>Figures of /proc/PID/smaps_rollup and status (proc(5)).</summary>
public static class MemoryFigures
{
    /// <param name="field">Rss, Pss, …</param>
    public static long Kilobytes(int pid, string field) =>
        File.ReadLines($"/proc/{pid}/smaps_rollup").Where(line => line.StartsWith(field + ":", StringComparison.Ordinal))
            .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)).Single();

    /// <summary>Of the resident memory, since the process started or <see cref="ResetPeak"/>.</summary>
    public static long PeakKilobytes(int pid) =>
        File.ReadLines($"/proc/{pid}/status").Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)).Single();

    /// <summary>proc_pid_clear_refs(5).</summary>
    public static void ResetPeak(int pid) => File.WriteAllText($"/proc/{pid}/clear_refs", "5");
}
