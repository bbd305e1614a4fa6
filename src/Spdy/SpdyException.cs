namespace CriShim.Spdy;

/// <summary>The client broke the protocol or a limit: the connection cannot go on.</summary>
internal sealed class SpdyException(string message, Exception? cause = null) : IOException(message, cause);
