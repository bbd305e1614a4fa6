using System.Globalization;

namespace CriShim.Bench;

/// <summary>Processes by the name of their program.</summary>
internal static class Processes
{
    public static IEnumerable<int> Named(string name) =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(entry => char.IsAsciiDigit(entry![0])).Select(entry => int.Parse(entry!, CultureInfo.InvariantCulture))
            .Where(pid => CommandLine(pid).StartsWith(name, StringComparison.Ordinal));

    private static string CommandLine(int pid)
    {
        try
        {
            var first = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0')[0];
            return Path.GetFileName(first);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
