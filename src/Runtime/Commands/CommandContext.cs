using CriShim.Runtime.Containers;

namespace CriShim.Runtime.Commands;

/// <summary>What a command is given: its words and the global flags.</summary>
/// <param name="UsesSystemd">New containers' cgroups are systemd's to make.</param>
/// <param name="CriuPath">The program that checkpoints: a path, or a name for PATH.</param>
internal sealed record CommandContext(IReadOnlyList<string> Words, StateStore Store, CommandLog Log, bool UsesSystemd, string CriuPath);
