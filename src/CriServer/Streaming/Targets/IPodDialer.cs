using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Streaming.Targets;

/// <summary>Where port forward leads.</summary>
internal interface IPodDialer
{
    /// <summary>Connects to a port of a pod's loopback, IPv4 then IPv6: within the pod's network namespace, or the host's where the pod uses that.</summary>
    /// <param name="sandboxId">The whole id.</param>
    /// <returns>A two-way stream; a connected <see cref="System.Net.Sockets.NetworkStream"/> where it can be, whose socket is half-closed after input.</returns>
    /// <exception cref="CriException">Nobody listens, or the pod is gone: the client sees the text.</exception>
    /// <exception cref="IOException">The pod has taken the connection and reset it at once.</exception>
    Task<Stream> ConnectAsync(string sandboxId, ushort port, CancellationToken cancellationToken);
}
