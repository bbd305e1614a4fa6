using Microsoft.AspNetCore.Http;

namespace CriShim.CriServer.Streaming.Sessions;

/// <summary>What a client wants a connection to become.</summary>
internal enum Carrier
{
    Spdy,
    WebSocket,
}

/// <summary>A client's request to upgrade its HTTP connection.</summary>
/// <param name="Protocols">In the client's order of preference.</param>
internal sealed record UpgradeOffer(Carrier Carrier, IReadOnlyList<string> Protocols)
{
    public const string SpdyName = "SPDY/3.1";
    public const string WebSocketName = "websocket";
    public const string ProtocolHeader = "X-Stream-Protocol-Version";
    public const string AcceptedHeader = "X-Accepted-Stream-Protocol-Versions";

    private const string WebSocketVersion = "13"; // RFC 6455

    /// <summary>Null, and why, when the request is for nothing that there is here.</summary>
    public static UpgradeOffer? Read(HttpRequest request, out string cause)
    {
        cause = "";
        var headers = request.Headers;
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsPost(request.Method))
        {
            cause = $"method {request.Method} instead of GET or POST";
            return null;
        }

        var connection = List(headers.Connection);
        var wanted = List(headers.Upgrade);
        if (connection.Contains("upgrade", StringComparer.OrdinalIgnoreCase) && wanted.Contains(WebSocketName, StringComparer.OrdinalIgnoreCase))
        {
            cause = HttpMethods.IsGet(request.Method) && headers.SecWebSocketVersion == WebSocketVersion && headers.SecWebSocketKey.Count == 1
                ? ""
                : "malformed WebSocket handshake";
            return cause.Length == 0 ? new UpgradeOffer(Carrier.WebSocket, List(headers.SecWebSocketProtocol)) : null;
        }

        if (!connection.Contains("upgrade", StringComparer.OrdinalIgnoreCase) || !wanted.Contains(SpdyName, StringComparer.OrdinalIgnoreCase))
        {
            cause = $"no upgrade to {SpdyName} or {WebSocketName} asked for";
            return null;
        }

        var protocols = List(headers[ProtocolHeader]);
        cause = protocols.Count == 0 ? $"header {ProtocolHeader} is missing" : "";
        return protocols.Count == 0 ? null : new UpgradeOffer(Carrier.Spdy, protocols);
    }

    /// <summary>The first of the client's protocols that is supported; a client that asks for none gets the one without a name.</summary>
    public T? Choose<T>(IReadOnlyList<T> supported, Func<T, string> nameOf)
        where T : class =>
        (Protocols.Count == 0 ? [""] : Protocols)
            .Select(name => supported.FirstOrDefault(protocol => nameOf(protocol) == name))
            .FirstOrDefault(protocol => protocol is not null);

    private static List<string> List(Microsoft.Extensions.Primitives.StringValues values) =>
        [.. values.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}
