using CriShim.Runtime.Commands;

namespace CriShim.Runtime.Criu;

/// <summary>Flags of `restore`.</summary>
internal sealed record RestoreOptions(
    string Id,
    string BundlePath,
    CriuOptions Common,
    string? ConsoleSocket,
    string? PidFile,
    bool Detach,
    string? LsmProfile,
    string? LsmMountContext)
{
    public static RestoreOptions Parse(IReadOnlyList<string> words)
    {
        var line = CommandLine.Parse(
            words,
            [.. CriuOptions.Switches, "detach,d", "no-subreaper", "no-pivot", "lazy-pages"],
            [.. CriuOptions.Options, "bundle,b", "console-socket", "pid-file", "lsm-profile", "lsm-mount-context"]);
        return line.Has("lazy-pages") ? throw CommandLine.Wrong("restore: --lazy-pages is not supported") : new RestoreOptions(
            line.Require(1, 1, "restore [flags] container-id")[0],
            Path.GetFullPath(line.Get("bundle") ?? "."),
            CriuOptions.From(line),
            line.Get("console-socket"),
            line.Get("pid-file"),
            line.Has("detach"),
            line.Get("lsm-profile"),
            line.Get("lsm-mount-context"));
    }
}
