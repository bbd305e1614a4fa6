using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace CriShim.TestKit.Streaming;

/// <summary>A server's answer to a request to upgrade, and what became of the connection. Any certificate is taken.</summary>
public sealed class UpgradedConnection : IDisposable
{
    private UpgradedConnection(Socket socket, Stream stream, int status, ILookup<string, string> headers, string body)
    {
        Socket = socket;
        Stream = stream;
        Status = status;
        Headers = headers;
        Body = body;
    }

    public Socket Socket { get; }

    public Stream Stream { get; }

    public int Status { get; }

    /// <summary>Names in lower case.</summary>
    public ILookup<string, string> Headers { get; }

    /// <summary>Empty of an upgraded connection.</summary>
    public string Body { get; }

    /// <param name="headers">"Name: value"; Host is added.</param>
    public static async Task<UpgradedConnection> RequestAsync(Uri url, string method, params string[] headers)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(url.Host.Trim('[', ']'), url.Port);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (url.Scheme == Uri.UriSchemeHttps)
        {
            var tls = new SslStream(stream, false, (_, certificate, _, _) => certificate is not null);
            await tls.AuthenticateAsClientAsync("localhost");
            stream = tls;
        }

        var request = $"{method} {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\n{string.Concat(headers.Select(h => h + "\r\n"))}\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        var lines = new List<string>();
        while (await ReadLineAsync(stream) is { Length: > 0 } line)
        {
            lines.Add(line);
        }

        var status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        var answer = lines.Skip(1).Select(line => line.Split(':', 2)).ToLookup(pair => pair[0].ToLowerInvariant(), pair => pair[1].Trim());
        var body = status == 101 ? "" : await ReadBodyAsync(stream, answer);
        return new UpgradedConnection(socket, stream, status, answer, body);
    }

    /// <summary>As crictl asks for SPDY.</summary>
    public static Task<UpgradedConnection> SpdyAsync(string url, params string[] protocols) => RequestAsync(
        new Uri(url),
        "POST",
        ["Connection: Upgrade", "Upgrade: SPDY/3.1", "Content-Length: 0", .. protocols.Select(p => "X-Stream-Protocol-Version: " + p)]);

    /// <summary>As crictl asks for a WebSocket.</summary>
    public static Task<UpgradedConnection> WebSocketAsync(string url, params string[] protocols) => RequestAsync(
        new Uri(url),
        "GET",
        [
            "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            .. protocols.Length == 0 ? Array.Empty<string>() : ["Sec-WebSocket-Protocol: " + string.Join(", ", protocols)],
        ]);

    public void Dispose() => Stream.Dispose();

    private static async Task<string> ReadBodyAsync(Stream stream, ILookup<string, string> headers)
    {
        if (headers["content-length"].FirstOrDefault() is { } length)
        {
            var body = new byte[int.Parse(length, CultureInfo.InvariantCulture)];
            await stream.ReadExactlyAsync(body);
            return Encoding.UTF8.GetString(body);
        }

        var text = new StringBuilder();
        while (headers["transfer-encoding"].Contains("chunked") && await ReadLineAsync(stream) is { } size && size != "0")
        {
            var chunk = new byte[int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture)];
            await stream.ReadExactlyAsync(chunk);
            text.Append(Encoding.UTF8.GetString(chunk));
            await ReadLineAsync(stream);
        }

        return text.ToString();
    }

    private static async Task<string> ReadLineAsync(Stream stream)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one) == 1 && one[0] != '\n')
        {
            line.Append((char)one[0]);
        }

        return line.ToString().TrimEnd('\r');
    }
}
