using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Containers;

/// <summary>Reasons of an end, as kubelet and people know them.</summary>
internal static class ExitReason
{
    public const string Completed = "Completed";
    public const string Error = "Error";
    public const string OomKilled = "OOMKilled";
    public const string StartError = "StartError";
    public const string Unknown = "Unknown";

    /// <summary>Exit code of a container whose program could not be started.</summary>
    public const int StartErrorCode = 128;

    /// <summary>Exit code of a container whose end nobody saw.</summary>
    public const int UnknownCode = 255;

    public static string Of(ExitRecord exit) => exit switch
    {
        { OomKilled: true } => OomKilled,
        { ExitCode: 0 } => Completed,
        _ => Error,
    };
}
