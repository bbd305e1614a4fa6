namespace CriShim.CriServer.Commands.Parsing;

/// <summary>A command line, read: its words, and its flags by name.</summary>
internal sealed record Arguments(IReadOnlyList<string> Words, IReadOnlyDictionary<string, string> Flags)
{
    public bool Has(string flag) => Flags.ContainsKey(flag);

    /// <summary>Null when the flag was not given.</summary>
    public string? Value(string flag) => Flags.GetValueOrDefault(flag);
}
