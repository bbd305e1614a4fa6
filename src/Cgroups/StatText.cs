namespace CriShim.Cgroups;

/// <summary>Numbers in the text of counter files.</summary>
internal static class StatText
{
    /// <summary>The number behind <paramref name="key"/> in lines "key number"; 0 when it is not there.</summary>
    public static ulong Find(string? text, string key)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.Length > key.Length && line[key.Length] == ' ' && line.StartsWith(key, StringComparison.Ordinal))
            {
                return Number(line[(key.Length + 1)..]);
            }
        }

        return 0;
    }

    /// <summary>A number alone; "max" is <see cref="ulong.MaxValue"/>; 0 for a file that is not there.</summary>
    public static ulong Number(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        return text.SequenceEqual("max") ? ulong.MaxValue : ulong.TryParse(text, out var number) ? number : 0;
    }

    /// <summary>Minuend less subtrahend, 0 where counters read one after the other do not fit.</summary>
    public static ulong Less(ulong minuend, ulong subtrahend) => minuend > subtrahend ? minuend - subtrahend : 0;

    /// <summary>"MAJOR:MINOR" at the start of a line; false for other lines (a total).</summary>
    public static bool TryDevice(ReadOnlySpan<char> field, out uint major, out uint minor)
    {
        minor = 0;
        major = 0;
        var colon = field.IndexOf(':');
        return colon > 0 && uint.TryParse(field[..colon], out major) && uint.TryParse(field[(colon + 1)..], out minor);
    }
}
