using System.Globalization;

namespace CriShim.Runtime.Containers;

/// <summary>Lists of CPUs or memory nodes as cpuset(7) writes them: "0-3,7".</summary>
internal static class NumberList
{
    /// <summary>Bits of the kernel's largest CPU mask.</summary>
    private const int MaxBits = 8192;

    /// <summary>The numbers as bits, lowest first, in whole 8-byte words; null for what is no list.</summary>
    public static byte[]? ToMask(string text)
    {
        var mask = new byte[MaxBits / 8];
        var highest = 0;
        foreach (var part in text.Split(','))
        {
            var ends = part.Trim().Split('-');
            if (ends.Length > 2 || Number(ends[0]) is not { } first || Number(ends[^1]) is not { } last || last < first)
            {
                return null;
            }

            for (var number = first; number <= last; number++)
            {
                mask[number / 8] |= (byte)(1 << (number % 8));
            }

            highest = Math.Max(highest, last);
        }

        return mask[..((highest / 64 + 1) * 8)];
    }

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < MaxBits ? number : null;
}
