namespace CriShim.CriServer.Streaming.Targets;

/// <summary>Of a terminal's window, in characters.</summary>
internal readonly record struct TerminalSize(ushort Columns, ushort Rows);
