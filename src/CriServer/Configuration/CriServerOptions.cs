using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Configuration;

/// <summary>All settings of the server: config.json, then conf.d/*.json, then CRISHIM__SECTION__KEY, then flags; the last one wins.</summary>
public sealed record CriServerOptions
{
    public const string DefaultConfigPath = "/etc/crishim/config.json";

    /// <summary>Address of the CRI socket, <c>unix:///path</c>.</summary>
    public string Listen { get; init; } = "unix:///run/crishim/crishim.sock";

    /// <summary>Folder of what outlives a reboot: images, layers, records of sandboxes and containers.</summary>
    public string Root { get; init; } = "/var/lib/crishim";

    /// <summary>Folder of what a reboot ends: namespace pins, bundles, control sockets.</summary>
    public string State { get; init; } = StateLayout.DefaultRoot;

    public LogOptions Log { get; init; } = new();

    public RuntimeOptions Runtime { get; init; } = new();

    public SpecOptions Containers { get; init; } = new();

    public ImageOptions Images { get; init; } = new();

    public NetworkOptions Network { get; init; } = new();

    public StreamingOptions Streaming { get; init; } = new();

    /// <summary>Path of the socket that <see cref="Listen"/> names.</summary>
    public string SocketPath() => Listen.StartsWith(UnixScheme, StringComparison.Ordinal) ? Listen[UnixScheme.Length..] : Listen;

    public const string UnixScheme = "unix://";
}
