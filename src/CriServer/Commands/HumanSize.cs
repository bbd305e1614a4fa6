using System.Globalization;

namespace CriShim.CriServer.Commands;

/// <summary>Bytes for people: three digits and a decimal unit, as crictl and docker show them.</summary>
internal static class HumanSize
{
    private const double Step = 1000;
    private const double Rounds = 999.5; // would be shown as 1000

    private static readonly string[] s_units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    public static string Of(long bytes)
    {
        var value = (double)bytes;
        var unit = 0;
        while (value >= Rounds && unit < s_units.Length - 1)
        {
            value /= Step;
            unit++;
        }

        return value.ToString("G3", CultureInfo.InvariantCulture) + s_units[unit];
    }
}
