namespace CriShim.CriServer.Errors;

/// <summary>What went wrong, in the words of gRPC's codes; mapped one to one by <c>StatusMapper</c>.</summary>
public enum CriErrorKind
{
    Unknown,
    InvalidArgument,
    NotFound,
    AlreadyExists,
    FailedPrecondition,
    ResourceExhausted,
    Unavailable,
    Unimplemented,
    DeadlineExceeded,
    Aborted,
    Cancelled,
}
