using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Sandboxes;

/// <summary>Event ids 2000 to 2999.</summary>
internal static partial class SandboxesLog
{
    [LoggerMessage(2000, LogLevel.Information, "sandbox {Id} is ready: {Name}, addresses {Addresses}")]
    public static partial void Ready(ILogger log, string id, string name, IReadOnlyList<string> addresses);

    [LoggerMessage(2001, LogLevel.Information, "sandbox {Id} stopped")]
    public static partial void Stopped(ILogger log, string id);

    [LoggerMessage(2002, LogLevel.Information, "sandbox {Id} removed")]
    public static partial void Removed(ILogger log, string id);

    [LoggerMessage(2003, LogLevel.Warning, "sandbox {Id}: what was made for it could not all be undone, it stays listed as not ready")]
    public static partial void UndoFailed(ILogger log, string id, Exception error);
}
