using System.Net;
using System.Net.Http.Headers;
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

    /// <summary>Of the answer; null when there was none.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>The same request may succeed a little later: the host is busy, or a connection that stood broke.</summary>
    public bool IsTransient { get; init; }

    /// <summary>When the host wants to be asked again, as it said it.</summary>
    public RetryConditionHeaderValue? RetryAfter { get; init; }

    /// <summary>The failure that an answer's status tells of.</summary>
    public static RegistryException OfStatus(HttpResponseMessage response, string message) =>
        new(FailureOf(response.StatusCode), message)
        {
            Status = response.StatusCode,
            IsTransient = (int)response.StatusCode is 408 or 429 or 500 or 502 or 503 or 504,
            RetryAfter = response.Headers.RetryAfter,
        };

    /// <summary>The same with what was going on put before its text.</summary>
    public RegistryException Within(string what) =>
        new(Failure, $"{what}: {Message}", this) { Status = Status, IsTransient = IsTransient, RetryAfter = RetryAfter };

    /// <summary>The code a client sees when this was the registry's own, last answer.</summary>
    public CriErrorKind Kind => Failure switch
    {
        RegistryFailure.NotFound => CriErrorKind.NotFound,
        RegistryFailure.Unavailable => CriErrorKind.Unavailable,
        _ => CriErrorKind.Unknown,
    };

    private static RegistryFailure FailureOf(HttpStatusCode status) => (int)status switch
    {
        401 or 403 => RegistryFailure.Denied,
        400 => RegistryFailure.NotUnderstood,
        404 => RegistryFailure.NotFound,
        408 or 429 or >= 500 => RegistryFailure.Unavailable,
        _ => RegistryFailure.Invalid,
    };
}
