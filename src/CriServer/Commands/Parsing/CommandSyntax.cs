using System.Text;

namespace CriShim.CriServer.Commands.Parsing;

/// <summary>What may follow a command, and its help.</summary>
/// <param name="Usage">Words, as the help shows them: <c>REF [FILE]</c>.</param>
/// <param name="Summary">One sentence.</param>
/// <param name="Details">More, for the command's own help; may be empty.</param>
internal sealed record CommandSyntax(string Usage, string Summary, int MinWords, int MaxWords, IReadOnlyList<Flag> Flags, string Details = "")
{
    public const string HelpFlag = "--help";

    private static readonly Flag s_help = new(HelpFlag, "show this", Short: "-h");

    /// <summary>Flags may stand anywhere, as <c>--flag value</c> or <c>--flag=value</c>; what follows <c>--</c> is a word.</summary>
    /// <exception cref="UsageException">An unknown flag, a missing value, too few or too many words.</exception>
    public Arguments Parse(IReadOnlyList<string> args)
    {
        var words = new List<string>();
        var flags = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < args.Count; i++)
        {
            if (args[i] == "--")
            {
                words.AddRange(args.Skip(i + 1));
                break;
            }

            if (args[i].StartsWith('-') && args[i] != "-")
            {
                i += Take(args, i, flags);
            }
            else
            {
                words.Add(args[i]);
            }
        }

        if (!flags.ContainsKey(HelpFlag) && (words.Count < MinWords || words.Count > MaxWords))
        {
            throw new UsageException(words.Count < MinWords ? $"{Usage} is expected" : $"\"{words[MaxWords]}\" is one word too many");
        }

        return new Arguments(words, flags);
    }

    /// <param name="command">Its words: <c>crishim image pull</c>.</param>
    public string Help(string command)
    {
        var text = new StringBuilder($"usage: {command} [flags]{(Usage.Length > 0 ? " " + Usage : "")}\n\n{Summary}\n");
        text.Append(Details.Length > 0 ? $"\n{Details}\n" : "").Append("\nflags:");
        foreach (var flag in Flags.Append(s_help))
        {
            text.Append($"\n  {flag.Title,-24} {flag.Help}");
        }

        return text.ToString();
    }

    /// <returns>How many further arguments were taken.</returns>
    private int Take(IReadOnlyList<string> args, int at, Dictionary<string, string> flags)
    {
        var equals = args[at].StartsWith("--", StringComparison.Ordinal) ? args[at].IndexOf('=', StringComparison.Ordinal) : -1;
        var name = equals < 0 ? args[at] : args[at][..equals];
        var flag = Flags.Append(s_help).FirstOrDefault(f => f.Is(name)) ?? throw new UsageException($"no such flag {name}");
        if (flag.Value is null)
        {
            flags[flag.Name] = equals < 0 ? "" : throw new UsageException($"{name} has no value");
            return 0;
        }

        if (equals >= 0)
        {
            flags[flag.Name] = args[at][(equals + 1)..];
            return 0;
        }

        flags[flag.Name] = at + 1 < args.Count ? args[at + 1] : throw new UsageException($"{name} needs a value");
        return 1;
    }
}
