using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Services;

/// <summary>Event ids 1000 to 1999.</summary>
internal static partial class ServicesLog
{
    [LoggerMessage(1000, LogLevel.Information, "crishim {Version} listens on {Socket}")]
    public static partial void Listening(ILogger log, string version, string socket);

    [LoggerMessage(1001, LogLevel.Information, "stopping: containers go on")]
    public static partial void Stopping(ILogger log);

    [LoggerMessage(EventId = 1010, Message = "{Method} took {Milliseconds:F1} ms, trace {Trace}")]
    public static partial void CallSucceeded(ILogger log, LogLevel level, string method, string trace, double milliseconds);

    [LoggerMessage(EventId = 1011, Message = "{Method} failed after {Milliseconds:F1} ms, trace {Trace}: {Code}: {Detail}")]
    public static partial void CallFailed(
        ILogger log, LogLevel level, string method, string trace, double milliseconds, StatusCode code, string detail, Exception? error);
}
