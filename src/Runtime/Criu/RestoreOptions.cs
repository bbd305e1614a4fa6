using CriShim.Runtime.Commands;

namespace CriShim.Runtime.Criu;

/// <summary>Flags of `restore`. `--no-pivot` and `--no-subreaper` are taken and change nothing: criu makes the root and is given a parent.</summary>
/// <param name="LazyPages">Memory comes when it is touched, from the `criu lazy-pages` that serves in the work folder.</param>
internal sealed record RestoreOptions(
    string Id,
    string BundlePath,
    CriuOptions Common,
    string? ConsoleSocket,
    string? PidFile,
    bool Detach,
    string? LsmProfile,
    string? LsmMountContext,
    bool LazyPages)
{
    public static RestoreOptions Parse(IReadOnlyList<string> words)
    {
        var line = CommandLine.Parse(
            words,
            [.. CriuOptions.Switches, "detach,d", "no-subreaper", "no-pivot", "lazy-pages"],
            [.. CriuOptions.Options, "bundle,b", "console-socket", "pid-file", "lsm-profile", "lsm-mount-context"]);
        return new RestoreOptions(
            line.Require(1, 1, "restore [flags] container-id")[0],
            Path.GetFullPath(line.Get("bundle") ?? "."),
            CriuOptions.From(line),
            line.Get("console-socket"),
            line.Get("pid-file"),
            line.Has("detach"),
            line.Get("lsm-profile"),
            line.Get("lsm-mount-context"),
            line.Has("lazy-pages"));
    }
}
