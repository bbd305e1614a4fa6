using System.Globalization;

namespace CriShim.Linux;

/// <summary>A process by its number and the time it began (proc(5), /proc/PID/stat field 22): the number alone is given again to others.</summary>
public static class ProcessIdentity
{
    private const int Kill9 = 9;
    private const int StartTimeField = 22;
    private const int FieldsInName = 2; // "pid (name) ": the name may hold spaces and parentheses

    /// <summary>Clock ticks after boot; null when there is no such process.</summary>
    public static ulong? StartTime(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return ulong.Parse(fields[StartTimeField - FieldsInName - 1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }

    public static bool IsAlive(int pid, ulong startTime) => pid > 0 && StartTime(pid) == startTime;

    /// <summary>SIGKILL to that very process; does nothing when it is gone.</summary>
    public static void Kill(int pid, ulong startTime)
    {
        if (pid <= 0)
        {
            return;
        }

        // The descriptor first: once it is open the number cannot come to mean another process between look and kill.
        using var process = PidFd.Open(pid);
        if (process is not null && IsAlive(pid, startTime))
        {
            process.SendSignal(Kill9);
        }
    }
}
