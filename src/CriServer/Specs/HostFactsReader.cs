using System.Globalization;

namespace CriShim.CriServer.Specs;

/// <summary>Reads <see cref="HostFacts"/> from /proc, once at start.</summary>
internal static class HostFactsReader
{
    // Lines of /proc/PID/limits (proc_pid_limits(5)).
    private static readonly (string Type, string Name)[] s_limits =
    [
        ("RLIMIT_CPU", "Max cpu time"), ("RLIMIT_FSIZE", "Max file size"), ("RLIMIT_DATA", "Max data size"), ("RLIMIT_STACK", "Max stack size"),
        ("RLIMIT_CORE", "Max core file size"), ("RLIMIT_RSS", "Max resident set"), ("RLIMIT_NPROC", "Max processes"),
        ("RLIMIT_NOFILE", "Max open files"), ("RLIMIT_MEMLOCK", "Max locked memory"), ("RLIMIT_AS", "Max address space"),
        ("RLIMIT_LOCKS", "Max file locks"), ("RLIMIT_SIGPENDING", "Max pending signals"), ("RLIMIT_MSGQUEUE", "Max msgqueue size"),
        ("RLIMIT_NICE", "Max nice priority"), ("RLIMIT_RTPRIO", "Max realtime priority"), ("RLIMIT_RTTIME", "Max realtime timeout"),
    ];

    /// <param name="procSelf">/proc/self, or a folder that stands for it.</param>
    /// <param name="cgroupUnified">From the cgroup manager.</param>
    /// <param name="swapAccounting">From the cgroup manager.</param>
    /// <param name="cgroupPaths">Of the driver.</param>
    public static HostFacts Read(
        bool cgroupUnified, bool swapAccounting, CgroupPaths cgroupPaths, string procSelf = "/proc/self", string hostnameFile = "/proc/sys/kernel/hostname")
    {
        var status = File.ReadAllLines(Path.Combine(procSelf, "status"));
        var capabilities = CapabilityNames.FromBits(Bits(status, "CapBnd:") & Bits(status, "CapPrm:"));
        var limits = File.ReadAllLines(Path.Combine(procSelf, "limits"));
        var maySetAny = capabilities.Contains("CAP_SYS_RESOURCE");
        return new HostFacts
        {
            Capabilities = capabilities,
            OpenFilesHardLimit = HardLimit(limits, "Max open files"),
            PendingSignals = HardLimit(limits, "Max pending signals"),
            HardLimits = s_limits.Where(_ => !maySetAny).ToDictionary(limit => limit.Type, limit => HardLimit(limits, limit.Name)),
            OomScoreAdjMinimum = maySetAny ? -1000 : ReadNumber(Path.Combine(procSelf, "oom_score_adj")),
            CgroupUnified = cgroupUnified,
            CgroupPaths = cgroupPaths,
            SwapAccounting = swapAccounting,
            Hostname = File.ReadAllText(hostnameFile).TrimEnd(),
        };
    }

    private static ulong Bits(string[] status, string field)
    {
        var line = Array.Find(status, line => line.StartsWith(field, StringComparison.Ordinal));
        return line is null
            ? 0
            : ulong.Parse(line.AsSpan(field.Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    /// <summary>Columns of /proc/PID/limits: name, soft, hard, unit.</summary>
    private static ulong HardLimit(string[] limits, string name)
    {
        var line = Array.Find(limits, line => line.StartsWith(name, StringComparison.Ordinal));
        var columns = line?[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return columns is [_, var hard, ..] && ulong.TryParse(hard, CultureInfo.InvariantCulture, out var limit) ? limit : ulong.MaxValue;
    }

    private static int ReadNumber(string path) => int.Parse(File.ReadAllText(path), CultureInfo.InvariantCulture);
}
