namespace CriShim.CriServer.Images.Toml;

/// <summary>A mistake in a TOML document, with the line it is in (from 1).</summary>
internal sealed class TomlException(int line, string problem) : FormatException($"line {line}: {problem}");
