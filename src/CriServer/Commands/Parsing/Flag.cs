namespace CriShim.CriServer.Commands.Parsing;

/// <summary>A flag of a command.</summary>
/// <param name="Name">With its dashes: <c>--quiet</c>.</param>
/// <param name="Value">What its value is called in the help; null for a flag without one.</param>
/// <param name="Short">Its short form, <c>-q</c>.</param>
internal sealed record Flag(string Name, string Help, string? Value = null, string? Short = null)
{
    /// <summary>As the help shows it.</summary>
    public string Title => (Short is null ? "" : Short + ", ") + Name + (Value is null ? "" : " " + Value);

    public bool Is(string text) => text == Name || (Short is not null && text == Short);
}
