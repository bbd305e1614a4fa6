using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Cdi;

/// <summary>What is logged of CDI files.</summary>
internal static partial class CdiLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "CDI file {Path} is not used: {Reason}")]
    public static partial void NotUsed(ILogger log, string path, string reason);
}
