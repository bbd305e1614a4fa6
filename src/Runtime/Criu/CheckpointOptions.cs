using System.Globalization;
using CriShim.Runtime.Commands;

namespace CriShim.Runtime.Criu;

/// <summary>Flags of `checkpoint`.</summary>
/// <param name="ParentPath">Of an earlier --pre-dump, relative to the images.</param>
/// <param name="PageServer">Where memory pages go instead of files.</param>
internal sealed record CheckpointOptions(
    string Id,
    CriuOptions Common,
    bool LeaveRunning,
    bool LinkRemap,
    bool TcpSkipInFlight,
    bool IsPreDump,
    string? ParentPath,
    (string Address, int Port)? PageServer)
{
    public static CheckpointOptions Parse(IReadOnlyList<string> words)
    {
        var line = CommandLine.Parse(
            words,
            [.. CriuOptions.Switches, "leave-running", "link-remap", "tcp-skip-in-flight", "pre-dump", "lazy-pages"],
            [.. CriuOptions.Options, "parent-path", "page-server", "status-fd"]);
        if (line.Has("lazy-pages") || line.Get("status-fd") is not null)
        {
            throw CommandLine.Wrong("checkpoint: --lazy-pages and --status-fd are not supported");
        }

        var parent = line.Get("parent-path");
        if (parent is not null && Path.IsPathRooted(parent))
        {
            throw CommandLine.Wrong("--parent-path must be relative to --image-path");
        }

        return new CheckpointOptions(
            line.Require(1, 1, "checkpoint [flags] container-id")[0],
            CriuOptions.From(line),
            line.Has("leave-running"),
            line.Has("link-remap"),
            line.Has("tcp-skip-in-flight"),
            line.Has("pre-dump"),
            parent,
            line.Get("page-server") is { } server ? ParseServer(server) : null);
    }

    private static (string Address, int Port) ParseServer(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (text[..colon], port)
            : throw CommandLine.Wrong($"--page-server {text}: not ADDRESS:PORT");
    }
}
