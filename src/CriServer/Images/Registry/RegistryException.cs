using System.Net;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Images.Registry;

/// <summary>Why one host did not give what it was asked for.</summary>
internal enum RegistryFailure
{
    /// <summary>No connection, no answer in time, or an answer that says "later".</summary>
    Unavailable,
    NotFound,
    Denied,

    /// <summary>A request it does not understand; also what servers that want TLS answer to plain HTTP.</summary>
    NotUnderstood,

    /// <summary>An answer that is wrong: bad digest, bad document, unexpected status.</summary>
    Invalid,
}

/// <summary>One host's failure; the text is the cause only.</summary>
internal sealed class RegistryException(RegistryFailure failure, string message, Exception? cause = null) : Exception(message, cause)
{
    public RegistryFailure Failure { get; } = failure;

    public static RegistryFailure FailureOf(HttpStatusCode status) => (int)status switch
    {
        401 or 403 => RegistryFailure.Denied,
        400 => RegistryFailure.NotUnderstood,
        404 => RegistryFailure.NotFound,
        408 or 429 or >= 500 => RegistryFailure.Unavailable,
        _ => RegistryFailure.Invalid,
    };

    /// <summary>The code a client sees when this was the registry's own, last answer.</summary>
    public CriErrorKind Kind => Failure switch
    {
        RegistryFailure.NotFound => CriErrorKind.NotFound,
        RegistryFailure.Unavailable => CriErrorKind.Unavailable,
        _ => CriErrorKind.Unknown,
    };
}
