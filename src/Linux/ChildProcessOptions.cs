using Microsoft.Win32.SafeHandles;

namespace CriShim.Linux;

/// <summary>A program to start.</summary>
/// <param name="Path">Absolute path of the executable; PATH is not searched.</param>
/// <param name="Arguments">argv, its first element included.</param>
public sealed record ChildProcessOptions(string Path, IReadOnlyList<string> Arguments)
{
    /// <summary>NAME=value; the whole environment: nothing is inherited.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Null: the caller's.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>
    /// Descriptors by their number in the child. 0, 1 and 2 are /dev/null where they are not named. No other descriptor is passed on.
    /// </summary>
    public IReadOnlyList<(int Number, SafeFileHandle Source)> Fds { get; init; } = [];

    /// <summary>In a session of its own: terminal signals do not reach it.</summary>
    public bool NewSession { get; init; }

    /// <summary>Signals that keep what the caller does with them, being ignored or not; all others get their default action.</summary>
    public IReadOnlyList<int> InheritedSignals { get; init; } = [];
}
