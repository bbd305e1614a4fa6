using System.Diagnostics;
using System.Globalization;

namespace CriShim.Bench;

/// <summary>Waits until the machine does nothing else: what has just built this program goes on for a while, and would be measured with.</summary>
internal static class Quiet
{
    private const double MaxBusy = 0.05;

    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    public static void Await()
    {
        var clock = Stopwatch.StartNew();
        double busy;
        while ((busy = BusyShare()) > MaxBusy)
        {
            if (clock.Elapsed > s_limit)
            {
                Console.WriteLine($"the machine is {busy:P0} busy with something else: the figures are not what it can do");
                return;
            }
        }
    }

    /// <summary>Of all processors, 0 to 1 (proc_stat(5): the fourth and fifth numbers are idle time).</summary>
    private static double BusyShare()
    {
        var before = Read();
        Thread.Sleep(s_look);
        var after = Read();
        return 1 - (double)(after.Idle - before.Idle) / (after.Total - before.Total);
    }

    private static (long Idle, long Total) Read()
    {
        var times = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]
            .Select(time => long.Parse(time, CultureInfo.InvariantCulture)).ToList();
        return (times[3] + times[4], times.Sum());
    }
}
