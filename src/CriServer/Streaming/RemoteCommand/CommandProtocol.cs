namespace CriShim.CriServer.Streaming.RemoteCommand;

/// <summary>Versions of Kubernetes' remote command protocol, by the name that clients ask for.</summary>
/// <param name="Version">
/// 1 and 2: output and an error text; 3: sizes of the terminal too; 4: the exit code as a status; 5: as 4, and over WebSocket the end of
/// the client's input can be said.
/// </param>
/// <param name="IsBase64">WebSocket only: messages are text.</param>
internal sealed record CommandProtocol(string Name, int Version, bool IsBase64 = false)
{
    /// <summary>Over SPDY.</summary>
    public static IReadOnlyList<CommandProtocol> Spdy { get; } =
    [
        new("v5.channel.k8s.io", 5),
        new("v4.channel.k8s.io", 4),
        new("v3.channel.k8s.io", 3),
        new("v2.channel.k8s.io", 2),
        new("channel.k8s.io", 1),
    ];

    /// <summary>Over WebSocket; the last is for clients that ask for none.</summary>
    public static IReadOnlyList<CommandProtocol> WebSocket { get; } =
    [
        .. Spdy,
        new("v4.base64.channel.k8s.io", 4, IsBase64: true),
        new("v3.base64.channel.k8s.io", 3, IsBase64: true),
        new("v2.base64.channel.k8s.io", 2, IsBase64: true),
        new("base64.channel.k8s.io", 1, IsBase64: true),
        new("", 1),
    ];

    public bool HasSizes => Version >= 3;

    public bool HasStatus => Version >= 4;

    public bool HasCloseSignal => Version >= 5;
}
