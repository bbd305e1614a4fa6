using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>An HTTP proxy for TLS (RFC 9110, 9.3.6) that wants a password and connects to <paramref name="target"/>, whatever it is asked for.</summary>
internal sealed class ConnectProxy(string target) : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public string Host => _listener.LocalEndpoint.ToString()!;

    /// <summary>First line of each request that was let through.</summary>
    public List<string> Tunnels { get; } = [];

    public void Start()
    {
        _listener.Start();
        _ = Task.Run(AcceptAsync);
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _ = Task.Run(() => TunnelAsync(client));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task TunnelAsync(TcpClient client)
    {
        using (client)
        {
            var near = client.GetStream();
            var request = await ReadHeadersAsync(near);
            while (!request.Contains("Proxy-Authorization: Basic bWU6c2VjcmV0", StringComparison.OrdinalIgnoreCase))
            {
                await near.WriteAsync("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"p\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                request = await ReadHeadersAsync(near);
            }

            Tunnels.Add(request[..request.IndexOf('\r', StringComparison.Ordinal)]);
            using var server = new TcpClient();
            await server.ConnectAsync(IPEndPoint.Parse(target));
            await near.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray());
            await Task.WhenAny(near.CopyToAsync(server.GetStream()), server.GetStream().CopyToAsync(near));
        }
    }

    private static async Task<string> ReadHeadersAsync(NetworkStream stream)
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (!text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one);
            text.Append((char)one[0]);
        }

        return text.ToString();
    }
}
