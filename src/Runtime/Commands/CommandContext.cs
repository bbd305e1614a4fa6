using CriShim.Runtime.Containers;

namespace CriShim.Runtime.Commands;

/// <summary>What a command is given: its words and the global flags.</summary>
internal sealed record CommandContext(IReadOnlyList<string> Words, StateStore Store, CommandLog Log);
