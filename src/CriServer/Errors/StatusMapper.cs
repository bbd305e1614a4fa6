using CriShim.Runtime.Contract;
using Grpc.Core;

namespace CriShim.CriServer.Errors;

/// <summary>The only place where an error becomes a gRPC status.</summary>
/// <remarks>
/// A <see cref="Linux.LinuxException"/> has no meaning of its own for the client (an ENOENT of a mount is not "container not found"):
/// an operation that knows better says so with a <see cref="CriException"/>.
/// </remarks>
internal static class StatusMapper
{
    /// <param name="deadlinePassed">Whether the call's own deadline is over: it tells the two reasons of a cancelled token apart.</param>
    public static Status ToStatus(Exception error, bool deadlinePassed) => error switch
    {
        RpcException rpc => rpc.Status,
        CriException cri => new Status(ToCode(cri.Kind), cri.Message),
        RuntimeException runtime => new Status(ToCode(ToKind(runtime.Error.Kind)), runtime.Message),
        OperationCanceledException cancelled => new Status(
            deadlinePassed ? StatusCode.DeadlineExceeded : StatusCode.Cancelled, cancelled.Message.ToLowerInvariant()),
        _ => new Status(StatusCode.Unknown, error.Message),
    };

    /// <summary>What the runtime called the failure, in the server's words.</summary>
    public static CriErrorKind ToKind(RuntimeErrorKind kind) => kind switch
    {
        RuntimeErrorKind.InvalidArgument => CriErrorKind.InvalidArgument,
        RuntimeErrorKind.NotFound => CriErrorKind.NotFound,
        RuntimeErrorKind.AlreadyExists => CriErrorKind.AlreadyExists,
        RuntimeErrorKind.FailedPrecondition => CriErrorKind.FailedPrecondition,
        RuntimeErrorKind.ResourceExhausted => CriErrorKind.ResourceExhausted,
        RuntimeErrorKind.Unavailable => CriErrorKind.Unavailable,
        RuntimeErrorKind.Unimplemented => CriErrorKind.Unimplemented,
        RuntimeErrorKind.DeadlineExceeded => CriErrorKind.DeadlineExceeded,
        _ => CriErrorKind.Unknown,
    };

    private static StatusCode ToCode(CriErrorKind kind) => kind switch
    {
        CriErrorKind.InvalidArgument => StatusCode.InvalidArgument,
        CriErrorKind.NotFound => StatusCode.NotFound,
        CriErrorKind.AlreadyExists => StatusCode.AlreadyExists,
        CriErrorKind.FailedPrecondition => StatusCode.FailedPrecondition,
        CriErrorKind.ResourceExhausted => StatusCode.ResourceExhausted,
        CriErrorKind.Unavailable => StatusCode.Unavailable,
        CriErrorKind.Unimplemented => StatusCode.Unimplemented,
        CriErrorKind.DeadlineExceeded => StatusCode.DeadlineExceeded,
        CriErrorKind.Aborted => StatusCode.Aborted,
        CriErrorKind.Cancelled => StatusCode.Cancelled,
        _ => StatusCode.Unknown,
    };
}
