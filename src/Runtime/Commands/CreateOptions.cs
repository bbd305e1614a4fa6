using System.Globalization;

namespace CriShim.Runtime.Commands;

/// <summary>Flags of `create` and `run`.</summary>
/// <param name="ListenFds">How many sockets a service manager passed, as 3, 4, …; those of --preserve-fds follow.</param>
internal sealed record CreateOptions(
    string Id,
    string BundlePath,
    string? ConsoleSocket,
    string? PidfdSocket,
    string? PidFile,
    bool NoPivot,
    bool NoNewKeyring,
    int PreservedFds,
    int ListenFds,
    bool Detach,
    bool Keep)
{
    public static CreateOptions Parse(IReadOnlyList<string> words, string command)
    {
        var line = CommandLine.Parse(
            words,
            ["no-pivot", "no-new-keyring", "detach,d", "no-subreaper", "keep"],
            ["bundle,b", "console-socket", "pidfd-socket", "pid-file", "preserve-fds"]);
        return new CreateOptions(
            line.Require(1, 1, $"{command} [flags] container-id")[0],
            Path.GetFullPath(line.Get("bundle") ?? "."),
            line.Get("console-socket"),
            line.Get("pidfd-socket"),
            line.Get("pid-file"),
            line.Has("no-pivot"),
            line.Has("no-new-keyring"),
            line.Number("preserve-fds", 0),
            OwnListenFds(),
            line.Has("detach"),
            line.Has("keep"));
    }

    /// <summary>Only when they were meant for this very process (sd_listen_fds(3)).</summary>
    private static int OwnListenFds() =>
        Environment.GetEnvironmentVariable("LISTEN_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
        && int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count < 256
            ? count
            : 0;
}
