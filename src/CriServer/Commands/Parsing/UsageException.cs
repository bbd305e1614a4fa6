namespace CriShim.CriServer.Commands.Parsing;

/// <summary>A command line that cannot be understood; the text says why.</summary>
internal sealed class UsageException(string message) : Exception(message);
