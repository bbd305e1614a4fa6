using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Handlers;

/// <summary>What is logged of runtime handlers.</summary>
internal static partial class HandlersLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "runtime {Binary} does not tell its features, and is taken to have none: {Reason}")]
    public static partial void NoFeatures(ILogger log, string binary, string reason);
}
