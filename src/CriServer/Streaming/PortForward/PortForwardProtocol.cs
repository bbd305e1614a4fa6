namespace CriShim.CriServer.Streaming.PortForward;

/// <summary>Forms of Kubernetes' port forward protocol, by the name that clients ask for.</summary>
/// <param name="IsTunnel">WebSocket: its messages carry the same SPDY as the other form.</param>
/// <param name="IsBase64">WebSocket without SPDY: messages are text.</param>
internal sealed record PortForwardProtocol(string Name, bool IsTunnel = false, bool IsBase64 = false)
{
    public static IReadOnlyList<PortForwardProtocol> Spdy { get; } = [new("portforward.k8s.io")];

    /// <summary>The last is for clients that ask for none.</summary>
    public static IReadOnlyList<PortForwardProtocol> WebSocket { get; } =
    [
        new("SPDY/3.1+portforward.k8s.io", IsTunnel: true),
        new("v4.channel.k8s.io"),
        new("v4.base64.channel.k8s.io", IsBase64: true),
        new(""),
    ];
}
