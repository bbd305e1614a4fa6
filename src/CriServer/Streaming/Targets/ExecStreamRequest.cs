namespace CriShim.CriServer.Streaming.Targets;

/// <summary>A command to be run in a container, with its streams at a client.</summary>
/// <param name="Command">Program and arguments; at least one.</param>
/// <param name="Tty">On a terminal of its own: all output is its standard output.</param>
/// <param name="Stdin">Whether the client writes; without, the process reads the end of the file.</param>
/// <param name="Stdout">Whether the client wants the standard output; without, it is dropped.</param>
/// <param name="Stderr">Likewise the standard error; never with a terminal.</param>
/// <param name="Size">Of the terminal from the first instruction on; null: not known yet.</param>
internal sealed record ExecStreamRequest(
    IReadOnlyList<string> Command, bool Tty, bool Stdin, bool Stdout, bool Stderr, TerminalSize? Size);
