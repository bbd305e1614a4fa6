namespace CriShim.CriServer.Networking;

internal enum PortProtocol
{
    Tcp = 6,
    Udp = 17,
    Sctp = 132,
}

/// <summary>A host port that leads to a port of the pod.</summary>
/// <param name="HostIp">Address of the machine that it is bound to; empty or unspecified: all.</param>
internal sealed record PortMapping(PortProtocol Protocol, int ContainerPort, int HostPort, string HostIp)
{
    public override string ToString() =>
        HostIp.Length == 0 ? $"{HostPort}/{Protocol.ToString().ToLowerInvariant()}" : $"{HostIp}:{HostPort}/{Protocol.ToString().ToLowerInvariant()}";
}
