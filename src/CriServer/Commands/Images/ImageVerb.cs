using CriShim.CriServer.Commands.Parsing;

namespace CriShim.CriServer.Commands.Images;

/// <summary>One of the image commands.</summary>
/// <param name="Names">Its name and other names for it.</param>
/// <param name="RunAsync">Gives the exit code.</param>
internal sealed record ImageVerb(IReadOnlyList<string> Names, CommandSyntax Syntax, Func<CommandContext, Task<int>> RunAsync);
