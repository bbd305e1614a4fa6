namespace CriShim.Runtime.Commands;

/// <summary>Flags of `create` and `run`.</summary>
internal sealed record CreateOptions(
    string Id, string BundlePath, string? ConsoleSocket, string? PidFile, bool NoPivot, bool NoNewKeyring, int PreservedFds, bool Detach, bool Keep)
{
    public static CreateOptions Parse(IReadOnlyList<string> words, string command)
    {
        var line = CommandLine.Parse(
            words,
            ["no-pivot", "no-new-keyring", "detach,d", "no-subreaper", "keep"],
            ["bundle,b", "console-socket", "pid-file", "preserve-fds"]);
        return new CreateOptions(
            line.Require(1, 1, $"{command} [flags] container-id")[0],
            Path.GetFullPath(line.Get("bundle") ?? "."),
            line.Get("console-socket"),
            line.Get("pid-file"),
            line.Has("no-pivot"),
            line.Has("no-new-keyring"),
            line.Number("preserve-fds", ListenFds()),
            line.Has("detach"),
            line.Has("keep"));
    }

    /// <summary>Sockets passed by a service manager are preserved too (sd_listen_fds(3)).</summary>
    private static int ListenFds() => int.TryParse(Environment.GetEnvironmentVariable("LISTEN_FDS"), out var count) && count is > 0 and < 256 ? count : 0;
}
