using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CriShim.GrpcServer;

/// <summary>Event ids 100 to 199.</summary>
internal static partial class GrpcLog
{
    [LoggerMessage(100, LogLevel.Error, "handler of {Method} failed")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, string method);

    [LoggerMessage(101, LogLevel.Debug, "call of {Method} ended with {StatusCode}: {Detail}")]
    public static partial void CallEnded(ILogger logger, string method, StatusCode statusCode, string detail);
}
