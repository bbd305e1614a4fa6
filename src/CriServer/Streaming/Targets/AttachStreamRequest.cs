namespace CriShim.CriServer.Streaming.Targets;

/// <summary>One more client of a container's own streams.</summary>
/// <param name="Stdin">Whether the client writes to the container's standard input.</param>
/// <param name="Stdout">Whether it wants the standard output from now on (with a terminal: all output).</param>
/// <param name="Stderr">Likewise the standard error; never with a terminal.</param>
/// <param name="Size">Of the client's terminal; null: not known yet.</param>
internal sealed record AttachStreamRequest(bool Stdin, bool Stdout, bool Stderr, TerminalSize? Size);
