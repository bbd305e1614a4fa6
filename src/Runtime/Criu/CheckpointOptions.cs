using System.Globalization;
using CriShim.Runtime.Commands;

namespace CriShim.Runtime.Criu;

/// <summary>Flags of `checkpoint`.</summary>
/// <param name="ParentPath">Of an earlier --pre-dump, relative to the images.</param>
/// <param name="PageServer">Where memory pages go instead of files; with lazy pages, the port to wait at for whoever wants them.</param>
/// <param name="LazyPages">Memory stays in the stopped processes until it was fetched from them (criu-lazy-pages(1)); criu waits for that.</param>
/// <param name="StatusFd">Descriptor of this process that gets a zero byte when the lazy pages can be fetched; null: none.</param>
internal sealed record CheckpointOptions(
    string Id,
    CriuOptions Common,
    bool LeaveRunning,
    bool LinkRemap,
    bool TcpSkipInFlight,
    bool IsPreDump,
    string? ParentPath,
    (string Address, int Port)? PageServer,
    bool LazyPages = false,
    int? StatusFd = null)
{
    /// <summary>Of criu_network_lock_method.</summary>
    private const int SkipNetworkLock = 3;

    /// <summary>
    /// criu does not cut the network off meanwhile: its namespace is the pod's, not the container's alone (criu 3.19 or later).
    /// </summary>
    public bool SkipsNetworkLock { get; init; }

    public static CheckpointOptions Parse(IReadOnlyList<string> words)
    {
        var line = CommandLine.Parse(
            words,
            [.. CriuOptions.Switches, "leave-running", "link-remap", "tcp-skip-in-flight", "pre-dump", "lazy-pages"],
            [.. CriuOptions.Options, "parent-path", "page-server", "status-fd"]);
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
            line.Get("page-server") is { } server ? ParseServer(server) : null,
            line.Has("lazy-pages"),
            line.Get("status-fd") is { } fd ? ParseFd(fd) : null);
    }

    /// <summary>Adds the options of a dump to those that a restore has too.</summary>
    public ProtoWriter Write(ProtoWriter request)
    {
        request.Switch(3, LeaveRunning)
            .Text(14, ParentPath)
            .Switch(15, IsPreDump || ParentPath is not null) // what has changed since the parent
            .Switch(18, LinkRemap)
            .Switch(46, TcpSkipInFlight)
            .Switch(48, LazyPages);
        if (PageServer is var (address, port))
        {
            request.Message(11, new ProtoWriter().Text(1, address).Number(2, port));
        }

        return SkipsNetworkLock ? request.Number(64, SkipNetworkLock) : request;
    }

    private static int? ParseFd(string text) =>
        text == "-1" ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw CommandLine.Wrong($"--status-fd {text}: not a descriptor's number");

    private static (string Address, int Port) ParseServer(string text)
    {
        var colon = text.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            ? (text[..colon].Trim('[', ']'), port)
            : throw CommandLine.Wrong($"--page-server {text}: not ADDRESS:PORT");
    }
}
