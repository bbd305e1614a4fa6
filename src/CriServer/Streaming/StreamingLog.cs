using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Streaming;

/// <summary>Event ids 7000 to 7999. Tokens are secrets: no line has a path or a URL.</summary>
internal static partial class StreamingLog
{
    [LoggerMessage(7000, LogLevel.Information, "streaming server listens on {Address}")]
    public static partial void Listening(ILogger log, string address);

    [LoggerMessage(7001, LogLevel.Debug, "streaming request refused: {Status}: {Cause}")]
    public static partial void Refused(ILogger log, int status, string cause);

    [LoggerMessage(7002, LogLevel.Information, "{Kind} of {Subject} over {Protocol} ended after {Milliseconds:F1} ms")]
    public static partial void Ended(ILogger log, string kind, string subject, string protocol, double milliseconds);

    [LoggerMessage(7003, LogLevel.Warning, "{Kind} of {Subject} over {Protocol} broken off: {Cause}")]
    public static partial void BrokenOff(ILogger log, string kind, string subject, string protocol, string cause);

    [LoggerMessage(7004, LogLevel.Error, "{Kind} of {Subject} over {Protocol} failed")]
    public static partial void Failed(ILogger log, Exception error, string kind, string subject, string protocol);

    [LoggerMessage(7010, LogLevel.Information, "streaming certificate read, valid until {NotAfter:u}")]
    public static partial void CertificateRead(ILogger log, DateTime notAfter);

    [LoggerMessage(7011, LogLevel.Warning, "streaming certificate could not be read again, the old one stays: {Cause}")]
    public static partial void CertificateBroken(ILogger log, string cause);

    [LoggerMessage(7012, LogLevel.Debug, "TLS handshake failed: {Cause}")]
    public static partial void HandshakeFailed(ILogger log, string cause);
}
