using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Runtime.Contract;

namespace CriShim.Runtime.Supervisor;

/// <summary>Failures of the world around, as opposed to mistakes of ours, and what the server is told of them.</summary>
internal static class Failures
{
    public static bool IsExpected(Exception e) =>
        e is RuntimeException or IOException or CgroupException or UnauthorizedAccessException or ArgumentException;

    public static RuntimeError Describe(Exception e) => e switch
    {
        RuntimeException runtime => runtime.Error,
        LinuxException linux => new RuntimeError(RuntimeErrorKind.Unknown, linux.Message, Errno: (int)linux.Errno, Call: linux.Call),
        ArgumentException argument => new RuntimeError(RuntimeErrorKind.InvalidArgument, argument.Message),
        _ => new RuntimeError(RuntimeErrorKind.Unknown, e.Message),
    };
}
