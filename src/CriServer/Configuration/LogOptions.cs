using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Configuration;

/// <summary>How the log lines are written; for people or for machines.</summary>
public enum LogFormat
{
    Console,
    Json,
}

/// <summary>The server's own log, on standard error's neighbour: standard output.</summary>
public sealed record LogOptions
{
    /// <summary>Lines below this level are left out.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;

    public LogFormat Format { get; init; } = LogFormat.Console;
}
