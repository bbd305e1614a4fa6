namespace CriShim.CriServer.Commands;

/// <summary>The words and flags of a command line; flags may stand anywhere, as <c>--flag value</c> or <c>--flag=value</c>.</summary>
internal sealed record CommandLine
{
    private const string ConfigFlag = "--config";

    /// <summary>Flag to the dotted path of the setting that it gives.</summary>
    private static readonly Dictionary<string, string> s_settings = new()
    {
        ["--listen"] = "listen",
        ["--root"] = "root",
        ["--state"] = "state",
        ["--log-level"] = "log.level",
    };

    public IReadOnlyList<string> Words { get; private init; } = [];

    public IReadOnlyDictionary<string, string> Settings { get; private init; } = new Dictionary<string, string>();

    public string? ConfigPath { get; private init; }

    public bool WantsHelp { get; private init; }

    /// <summary>What is wrong; null where nothing is.</summary>
    public string? Error { get; private init; }

    public static CommandLine Parse(IReadOnlyList<string> args)
    {
        var words = new List<string>();
        var settings = new Dictionary<string, string>();
        string? config = null;
        for (var i = 0; i < args.Count; i++)
        {
            var (flag, value) = Split(args[i]);
            if (flag is "--help" or "-h")
            {
                return new CommandLine { WantsHelp = true };
            }

            if (!flag.StartsWith('-'))
            {
                words.Add(flag);
                continue;
            }

            if (flag != ConfigFlag && !s_settings.ContainsKey(flag))
            {
                return new CommandLine { Error = $"no such flag {flag}; see crishim help" };
            }

            if (value is null && ++i == args.Count)
            {
                return new CommandLine { Error = $"{flag} needs a value" };
            }

            value ??= args[i];
            if (flag == ConfigFlag)
            {
                config = value;
            }
            else
            {
                settings[s_settings[flag]] = value;
            }
        }

        return new CommandLine { Words = words, Settings = settings, ConfigPath = config };
    }

    private static (string Flag, string? Value) Split(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        return argument.StartsWith("--", StringComparison.Ordinal) && equals > 0 ? (argument[..equals], argument[(equals + 1)..]) : (argument, null);
    }
}
