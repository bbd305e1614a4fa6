using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Recovery;

/// <summary>Event ids 8000 to 8999.</summary>
internal static partial class RecoveryLog
{
    [LoggerMessage(8000, LogLevel.Information, "restored {Sandboxes} sandboxes and {Containers} containers in {Milliseconds:F1} ms")]
    public static partial void Restored(ILogger log, int sandboxes, int containers, double milliseconds);

    [LoggerMessage(8001, LogLevel.Error, "recovery ended early")]
    public static partial void Failed(ILogger log, Exception error);

    [LoggerMessage(8002, LogLevel.Warning, "the record of {Kind} {Id} cannot be read ({Cause}): moved to {Path}")]
    public static partial void Quarantined(ILogger log, string kind, string id, string cause, string path);

    [LoggerMessage(8003, LogLevel.Information, "removing {Kind} {Id}: {Cause}")]
    public static partial void Removing(ILogger log, string kind, string id, string cause);

    [LoggerMessage(8004, LogLevel.Warning, "{Kind} {Id} could not be recovered")]
    public static partial void ObjectFailed(ILogger log, string kind, string id, Exception error);

    [LoggerMessage(8005, LogLevel.Warning, "container {Id} lives but has no record: left alone")]
    public static partial void Orphan(ILogger log, string id);
}
