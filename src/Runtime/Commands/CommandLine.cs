using System.Globalization;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Commands;

/// <summary>
/// Flags and arguments of one command, in the manner of the field's runtimes: flags come first, "--name value", "--name=value", "-n value";
/// what follows the first word that is none is an argument, and so is all after "--". Throws <see cref="RuntimeException"/>.
/// </summary>
internal sealed class CommandLine
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    private CommandLine(IReadOnlyList<string> arguments) => Arguments = arguments;

    public IReadOnlyList<string> Arguments { get; private set; }

    /// <param name="switches">Flags without a value, "name" or "name,n" with a short form.</param>
    /// <param name="options">Flags with a value.</param>
    public static CommandLine Parse(IReadOnlyList<string> words, string[] switches, string[] options)
    {
        var line = new CommandLine([]);
        var next = 0;
        while (next < words.Count && words[next].StartsWith('-') && words[next].Length > 1)
        {
            var word = words[next++];
            if (word == "--")
            {
                break;
            }

            var equals = word.IndexOf('=');
            var given = (equals < 0 ? word : word[..equals]).TrimStart('-');
            var inline = equals < 0 ? null : word[(equals + 1)..];
            if (Find(switches, given) is { } name)
            {
                line.Add(name, inline ?? "true");
            }
            else
            {
                name = Find(options, given) ?? throw Wrong($"flag provided but not defined: {word}");
                line.Add(name, inline ?? (next < words.Count ? words[next++] : throw Wrong($"flag needs an argument: {word}")));
            }
        }

        line.Arguments = [.. words.Skip(next)];
        return line;
    }

    public bool Has(string name) => Get(name) is { } value && value is "true" or "1" or "t" or "T" or "TRUE" or "True";

    /// <summary>The last one given; null when there is none.</summary>
    public string? Get(string name) => _values.TryGetValue(name, out var values) ? values[^1] : null;

    public IReadOnlyList<string> All(string name) => _values.TryGetValue(name, out var values) ? values : [];

    public int Number(string name, int otherwise) => Get(name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw Wrong($"invalid value \"{text}\" for flag -{name}");

    /// <summary>The arguments, when there are as many as the command takes.</summary>
    public IReadOnlyList<string> Require(int least, int most, string usage) =>
        Arguments.Count >= least && Arguments.Count <= most ? Arguments : throw Wrong($"wrong number of arguments: usage: {usage}");

    internal static RuntimeException Wrong(string problem) => new(RuntimeErrorKind.InvalidArgument, problem);

    private void Add(string name, string value)
    {
        if (!_values.TryGetValue(name, out var values))
        {
            _values[name] = values = [];
        }

        values.Add(value);
    }

    private static string? Find(string[] known, string given)
    {
        foreach (var entry in known)
        {
            var comma = entry.IndexOf(',');
            var name = comma < 0 ? entry : entry[..comma];
            if (given == name || (comma >= 0 && given == entry[(comma + 1)..]))
            {
                return name;
            }
        }

        return null;
    }
}
