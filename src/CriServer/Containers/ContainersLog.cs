using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Containers;

/// <summary>Event ids 3000 to 3999.</summary>
internal static partial class ContainersLog
{
    [LoggerMessage(3000, LogLevel.Information, "container {Id} created in sandbox {SandboxId}: {Name}")]
    public static partial void Created(ILogger log, string id, string sandboxId, string name);

    [LoggerMessage(3001, LogLevel.Information, "container {Id} exited: code {Code}, OOM {Oom}")]
    public static partial void Exited(ILogger log, string id, int code, bool oom);

    [LoggerMessage(3006, LogLevel.Information, "container {Id} removed")]
    public static partial void Removed(ILogger log, string id);

    [LoggerMessage(3002, LogLevel.Warning, "container {Id}: its supervisor is gone and left no exit record")]
    public static partial void SupervisorLost(ILogger log, string id);

    [LoggerMessage(3003, LogLevel.Error, "container {Id}: failed to record its end")]
    public static partial void FollowFailed(ILogger log, string id, Exception error);

    [LoggerMessage(3007, LogLevel.Error, "container {Id}: its end could not be written to disk")]
    public static partial void ExitNotRecorded(ILogger log, string id, Exception error);

    [LoggerMessage(3004, LogLevel.Warning, "container {Id}: what was made for it could not all be undone")]
    public static partial void UndoFailed(ILogger log, string id, Exception error);

    [LoggerMessage(3005, LogLevel.Warning, "container {Id}: {Path} could not be removed: {Cause}")]
    public static partial void LeftBehind(ILogger log, string id, string path, string cause);
}
