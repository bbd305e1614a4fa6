using System.Net;
using System.Net.Sockets;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>Two ends of a TCP connection on loopback.</summary>
internal static class DuplexPair
{
    public static async Task<(NetworkStream Server, NetworkStream Client)> ConnectAsync()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await client.ConnectAsync(listener.LocalEndPoint!);
        var server = await listener.AcceptAsync();
        server.NoDelay = true;
        return (new NetworkStream(server, ownsSocket: true), new NetworkStream(client, ownsSocket: true));
    }
}
