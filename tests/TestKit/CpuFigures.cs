using System.Globalization;

namespace CriShim.TestKit;

/// <summary>Figures of /proc/PID/stat (proc_pid_stat(5)).</summary>
public static class CpuFigures
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every machine

    /// <summary>User and system time of a process and of those children that it has waited for, in seconds.</summary>
    public static double Seconds(int pid)
    {
        var text = File.ReadAllText($"/proc/{pid}/stat");

        // Behind the name, which may hold anything, the third field comes first: utime, stime, cutime and cstime are the 14th to 17th.
        return text[(text.LastIndexOf(')') + 2)..].Split(' ')[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
