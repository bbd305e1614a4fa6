using System.Globalization;

namespace CriShim.Cgroups.Resctrl;

/// <summary>Lines of a schemata file: "L3:0=7ff;1=1f", "MB:0=100" (the kernel's Documentation/filesystems/resctrl.rst).</summary>
internal static class Schemata
{
    /// <summary>True where each value of the line is in the text, however the kernel pads it; there may be more.</summary>
    public static bool Contains(string text, string line)
    {
        var (resource, values) = Parse(line);
        return text.Split('\n').Select(Parse).Where(present => present.Resource == resource)
            .Any(present => values.Count > 0 && values.All(value => present.Values.Contains(value)));
    }

    private static (string Resource, IReadOnlyList<(string Domain, ulong Value)> Values) Parse(string line)
    {
        var parts = line.Split(':', 2, StringSplitOptions.TrimEntries);
        var values = new List<(string, ulong)>();
        foreach (var item in parts[^1].Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // What bandwidths have is decimal, what caches have a mask of bits.
            var style = parts[0].EndsWith("MB", StringComparison.Ordinal) || parts[0] == "SMBA" ? NumberStyles.Integer : NumberStyles.AllowHexSpecifier;
            var (domain, value) = item.Split('=', 2) is [var left, var right] ? (left, right) : (item, "");
            values.Add((domain, ulong.TryParse(value, style, CultureInfo.InvariantCulture, out var number) ? number : ulong.MaxValue));
        }

        return (parts[0], values);
    }
}
