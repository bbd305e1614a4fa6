using System.Globalization;

namespace CriShim.Runtime.Commands;

/// <summary>signal(7): numbers and names, with or without SIG.</summary>
internal static class SignalNames
{
    private const int MaxSignal = 64;
    private const int FirstRealtime = 34;

    private static readonly string[] s_names =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT",
        "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>0 asks only whether there is a process (kill(2)). Throws <see cref="Contract.RuntimeException"/> when it is none.</summary>
    public static int Parse(string text)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number is >= 0 and <= MaxSignal ? number : throw Unknown(text);
        }

        var name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        if (Array.IndexOf(s_names, name) is var index and >= 0)
        {
            return index + 1;
        }

        return name switch
        {
            "RTMIN" => FirstRealtime,
            "RTMAX" => MaxSignal,
            _ when name.StartsWith("RTMIN+", StringComparison.Ordinal) && Offset(name) is { } up => FirstRealtime + up,
            _ when name.StartsWith("RTMAX-", StringComparison.Ordinal) && Offset(name) is { } down => MaxSignal - down,
            _ => throw Unknown(text),
        };
    }

    private static int? Offset(string name) =>
        int.TryParse(name.AsSpan("RTMIN+".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
        && offset <= MaxSignal - FirstRealtime ? offset : null;

    private static Contract.RuntimeException Unknown(string text) => CommandLine.Wrong($"unknown signal \"{text}\"");
}
