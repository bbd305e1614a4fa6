namespace CriShim.CriServer.Errors;

/// <summary>
/// A failure with a meaning for the client. Text: lower case, no full stop, <c>failed to VERB OBJECT "ID": CAUSE</c>.
/// </summary>
public sealed class CriException(CriErrorKind kind, string message, Exception? cause = null) : Exception(message, cause)
{
    public CriErrorKind Kind { get; } = kind;

    public static CriException InvalidArgument(string message) => new(CriErrorKind.InvalidArgument, message);

    public static CriException NotFound(string kindOfObject, string id) => new(CriErrorKind.NotFound, $"{kindOfObject} \"{id}\" not found");
}
