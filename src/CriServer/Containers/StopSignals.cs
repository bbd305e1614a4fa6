using CriShim.Cri.V1;

namespace CriShim.CriServer.Containers;

/// <summary>Stop signals: CRI's names, an image's text, Linux's numbers (signal(7), x86-64 and arm64).</summary>
internal static class StopSignals
{
    public const int Kill = 9;
    public const int Terminate = 15;

    private const int RealtimeMinimum = 34; // as glibc and musl give it to programs
    private const int RealtimeMaximum = 64;

    private static readonly Dictionary<string, int> s_numbers = new(StringComparer.Ordinal)
    {
        ["HUP"] = 1,
        ["INT"] = 2,
        ["QUIT"] = 3,
        ["ILL"] = 4,
        ["TRAP"] = 5,
        ["ABRT"] = 6,
        ["IOT"] = 6,
        ["BUS"] = 7,
        ["FPE"] = 8,
        ["KILL"] = 9,
        ["USR1"] = 10,
        ["SEGV"] = 11,
        ["USR2"] = 12,
        ["PIPE"] = 13,
        ["ALRM"] = 14,
        ["TERM"] = 15,
        ["STKFLT"] = 16,
        ["CHLD"] = 17,
        ["CLD"] = 17,
        ["CONT"] = 18,
        ["STOP"] = 19,
        ["TSTP"] = 20,
        ["TTIN"] = 21,
        ["TTOU"] = 22,
        ["URG"] = 23,
        ["XCPU"] = 24,
        ["XFSZ"] = 25,
        ["VTALRM"] = 26,
        ["PROF"] = 27,
        ["WINCH"] = 28,
        ["IO"] = 29,
        ["POLL"] = 29,
        ["PWR"] = 30,
        ["SYS"] = 31,
    };

    /// <summary>The client's choice, else the image's, else SIGTERM. An image's text that names no signal counts as none.</summary>
    public static int Choose(Signal requested, string? imageStopSignal)
    {
        var name = requested == Signal.RuntimeDefault ? imageStopSignal : CriName(requested);
        return Parse(name) ?? Terminate;
    }

    /// <summary>"SIGTERM", "TERM", "15", "RTMIN+3", "SIGRTMAX-1"; null where the text names none.</summary>
    public static int? Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (int.TryParse(text, out var number))
        {
            return number is > 0 and <= RealtimeMaximum ? number : null;
        }

        var name = text.ToUpperInvariant();
        name = name.StartsWith("SIG", StringComparison.Ordinal) ? name[3..] : name;
        return s_numbers.TryGetValue(name, out var known) ? known : Realtime(name);
    }

    public static Signal ToCri(int number)
    {
        foreach (var signal in Enum.GetValues<Signal>())
        {
            if (signal != Signal.RuntimeDefault && Parse(CriName(signal)) == number)
            {
                return signal;
            }
        }

        return Signal.RuntimeDefault;
    }

    /// <summary>CRI's spelling without "SIG": TERM, RTMIN, RTMINPLUS3, RTMAXMINUS1.</summary>
    private static string CriName(Signal signal) => signal.ToString()[3..].ToUpperInvariant();

    private static int? Realtime(string name)
    {
        var (start, offset) = name switch
        {
            "RTMIN" => (RealtimeMinimum, "0"),
            "RTMAX" => (RealtimeMaximum, "0"),
            _ when name.StartsWith("RTMINPLUS", StringComparison.Ordinal) => (RealtimeMinimum, name[9..]),
            _ when name.StartsWith("RTMIN+", StringComparison.Ordinal) => (RealtimeMinimum, name[6..]),
            _ when name.StartsWith("RTMAXMINUS", StringComparison.Ordinal) => (RealtimeMaximum, "-" + name[10..]),
            _ when name.StartsWith("RTMAX-", StringComparison.Ordinal) => (RealtimeMaximum, "-" + name[6..]),
            _ => (0, ""),
        };
        return int.TryParse(offset, out var delta) && start + delta is >= RealtimeMinimum and <= RealtimeMaximum ? start + delta : null;
    }
}
