namespace CriShim.Runtime.Contract;

/// <summary>Kinds of failure, mapped one to one to gRPC codes by the server.</summary>
public enum RuntimeErrorKind
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
}

/// <summary>Why an operation failed: the step it was in, and the system call where there was one.</summary>
/// <param name="Step">Name of the numbered step, for people.</param>
/// <param name="Errno">0 where no system call failed.</param>
public sealed record RuntimeError(RuntimeErrorKind Kind, string Message, string? Step = null, int Errno = 0, string? Call = null);

/// <summary>Carries a <see cref="RuntimeError"/> through the code that must clean up.</summary>
public sealed class RuntimeException(RuntimeError error, Exception? cause = null) : Exception(error.Message, cause)
{
    public RuntimeError Error { get; } = error;

    public RuntimeException(RuntimeErrorKind kind, string message, Exception? cause = null)
        : this(new RuntimeError(kind, message), cause)
    {
    }
}
