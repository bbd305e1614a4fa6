using System.Net;
using System.Net.Sockets;
using System.Text;
using CriShim.TestKit;

namespace CriShim.E2e.Networking;

/// <summary>Connects by TCP and reads what the other side says.</summary>
internal static class TestClient
{
    private static readonly TimeSpan s_limit = Patience.Seconds(3);

    public static Socket Create(string address) => new(IPAddress.Parse(address).AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>From this machine itself.</summary>
    public static Task<string> AskAsync(string address, int port) => AskAsync(Create(address), address, port);

    public static async Task<string> AskAsync(Socket socket, string address, int port)
    {
        using (socket)
        {
            using var limit = new CancellationTokenSource(s_limit);
            await socket.ConnectAsync(IPAddress.Parse(address), port, limit.Token);
            var buffer = new byte[256];
            var count = await socket.ReceiveAsync(buffer, limit.Token);
            return Encoding.ASCII.GetString(buffer, 0, count);
        }
    }
}
