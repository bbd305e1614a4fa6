using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CriShim.CriServer.Streaming.Sessions;

/// <summary>Answers 101 and takes the connection over from HTTP.</summary>
internal static class Upgrade
{
    /// <summary>RFC 6455 section 1.3.</summary>
    private const string WebSocketGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private static readonly TimeSpan s_keepAlive = TimeSpan.FromSeconds(30);

    public static Task<Stream> ToSpdyAsync(HttpContext http, string protocol)
    {
        http.Response.Headers.Upgrade = UpgradeOffer.SpdyName;
        http.Response.Headers[UpgradeOffer.ProtocolHeader] = protocol;
        return http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    /// <param name="protocol">Empty: the client has named none.</param>
    public static Task<Stream> ToWebSocketAsync(HttpContext http, string protocol)
    {
        http.Response.Headers.Upgrade = UpgradeOffer.WebSocketName;
        http.Response.Headers.SecWebSocketAccept = Accept(http.Request.Headers.SecWebSocketKey.ToString());
        if (protocol.Length > 0)
        {
            http.Response.Headers.SecWebSocketProtocol = protocol;
        }

        return http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
    }

    /// <summary>The server's side of a WebSocket on an upgraded connection.</summary>
    public static WebSocket WebSocketOn(Stream transport) => WebSocket.CreateFromStream(
        transport, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = s_keepAlive });

    /// <summary>SHA-1 is the handshake's, and protects nothing.</summary>
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5350", Justification = "RFC 6455 section 4.2.2")]
    private static string Accept(string key) => Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + WebSocketGuid)));
}
