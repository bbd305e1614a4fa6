using System.Globalization;

namespace CriShim.Runtime.Commands;

/// <summary>Sizes as people write them: "-1" (no limit), "1048576", "512k", "64m", "1.5G", "2GiB". Units are powers of 1024.</summary>
internal static class ByteSize
{
    private const string Units = "kmgtp";

    public static bool TryParse(string text, out long bytes)
    {
        bytes = -1;
        if (text == "-1")
        {
            return true;
        }

        var number = text.AsSpan().TrimEnd("iIbB");
        var unit = number.Length > 0 ? Units.IndexOf(char.ToLowerInvariant(number[^1])) : -1;
        if (!decimal.TryParse(unit < 0 ? number : number[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        for (var i = 0; i <= unit; i++)
        {
            value *= 1024;
            if (value > long.MaxValue)
            {
                return false;
            }
        }

        bytes = (long)value;
        return true;
    }
}
