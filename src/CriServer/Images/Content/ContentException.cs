namespace CriShim.CriServer.Images.Content;

/// <summary>Content that is not what it claims to be or goes beyond a limit; the text is the cause only.</summary>
internal sealed class ContentException(string message, Exception? cause = null) : Exception(message, cause);
