namespace CriShim.Linux;

/// <summary>How a process ended.</summary>
/// <param name="ExitCode">0 to 255; 128 + signal where a signal ended it, as shells report it.</param>
/// <param name="Signal">0 where it exited by itself.</param>
public readonly record struct ProcessExit(int ExitCode, int Signal);
