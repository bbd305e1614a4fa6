namespace CriShim.Runtime.Logging;

/// <summary>Where a log line came from.</summary>
internal enum LogStream
{
    Stdout,
    Stderr,
}
