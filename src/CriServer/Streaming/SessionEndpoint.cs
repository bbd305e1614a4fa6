using CriShim.CriServer.Streaming.PortForward;
using CriShim.CriServer.Streaming.RemoteCommand;
using CriShim.CriServer.Streaming.Sessions;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Streaming;

/// <summary>
/// Answers the streaming server's requests: <c>/KIND/TOKEN</c>, an upgrade, a session. Everything else is 404, 400 or 403; nothing is
/// redirected, and nothing else is served.
/// </summary>
internal sealed class SessionEndpoint(
    SessionTokens tokens, CommandRunner commands, PortForwardRunner ports, SessionLimits limits, TimeProvider time, ILogger<SessionEndpoint> log)
    : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    public async Task HandleAsync(HttpContext http)
    {
        // 1. The token
        if (http.Request.Path.Value?.Split('/') is not ["", var kind, var token] || tokens.Take(kind, token) is not { } request)
        {
            await RefuseAsync(http, StatusCodes.Status404NotFound, "no such session", []);
            return;
        }

        // 2. The protocol
        if (UpgradeOffer.Read(http.Request, out var cause) is not { } offer)
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, cause, [.. NamesFor(request, Carrier.Spdy), .. NamesFor(request, Carrier.WebSocket)]);
            return;
        }

        if (SessionFor(request, offer) is not { } session)
        {
            var supported = NamesFor(request, offer.Carrier);
            await RefuseAsync(http, StatusCodes.Status403Forbidden, "none of the protocols asked for is supported", supported);
            return;
        }

        // 3. The session
        var transport = offer.Carrier == Carrier.Spdy
            ? await Upgrade.ToSpdyAsync(http, session.Protocol)
            : await Upgrade.ToWebSocketAsync(http, session.Protocol);
        await RunAsync(http, request, session, transport);
    }

    /// <summary>Ends every session, and each one that begins from now on.</summary>
    public Task EndSessionsAsync() => _stopping.CancelAsync();

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync(HttpContext http, SessionRequest request, Session session, Stream transport)
    {
        var began = time.GetTimestamp();
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, http.RequestAborted);
        using var watch = new ConnectionWatch(limits.Idle, http.Features.Get<IConnectionSocketFeature>()?.Socket, gone, time);
        try
        {
            var wrong = await session.RunAsync(new WatchedStream(transport, watch), gone.Token);
            if (wrong is null)
            {
                StreamingLog.Ended(log, request.Kind, request.Subject, session.Protocol, time.GetElapsedTime(began).TotalMilliseconds);
            }
            else
            {
                StreamingLog.BrokenOff(log, request.Kind, request.Subject, session.Protocol, wrong);
            }
        }
        catch (Exception e)
        {
            StreamingLog.Failed(log, e, request.Kind, request.Subject, session.Protocol);
        }
    }

    private Session? SessionFor(SessionRequest request, UpgradeOffer offer) => (request, offer.Carrier) switch
    {
        (CommandRequest command, Carrier.Spdy) => offer.Choose(CommandProtocol.Spdy, p => p.Name) is { } protocol
            ? new Session(protocol.Name, (transport, gone) => commands.OverSpdyAsync(transport, command, protocol, gone))
            : null,
        (CommandRequest command, _) => offer.Choose(CommandProtocol.WebSocket, p => p.Name) is { } protocol
            ? new Session(protocol.Name, (transport, gone) => commands.OverWebSocketAsync(transport, command, protocol, gone))
            : null,
        (PortsRequest forward, Carrier.Spdy) => offer.Choose(PortForwardProtocol.Spdy, p => p.Name) is { } protocol
            ? new Session(protocol.Name, (transport, gone) => ports.OverSpdyAsync(transport, forward, gone))
            : null,
        (PortsRequest forward, _) => offer.Choose(PortForwardProtocol.WebSocket, p => p.Name) is { } protocol
            ? new Session(protocol.Name, (transport, gone) => protocol.IsTunnel
                ? ports.OverTunnelAsync(transport, forward, gone)
                : ports.OverWebSocketAsync(transport, forward, protocol, gone))
            : null,
        _ => null,
    };

    private static IEnumerable<string> NamesFor(SessionRequest request, Carrier carrier)
    {
        var names = (request, carrier) switch
        {
            (CommandRequest, Carrier.Spdy) => CommandProtocol.Spdy.Select(p => p.Name),
            (CommandRequest, _) => CommandProtocol.WebSocket.Select(p => p.Name),
            (_, Carrier.Spdy) => PortForwardProtocol.Spdy.Select(p => p.Name),
            _ => PortForwardProtocol.WebSocket.Select(p => p.Name),
        };
        return names.Where(name => name.Length > 0);
    }

    private Task RefuseAsync(HttpContext http, int status, string cause, IEnumerable<string> supported)
    {
        StreamingLog.Refused(log, status, cause);
        var names = supported.Distinct().ToArray();
        http.Response.StatusCode = status;
        http.Response.ContentType = "text/plain; charset=utf-8";
        if (names.Length > 0)
        {
            http.Response.Headers[UpgradeOffer.AcceptedHeader] = names;
            cause = $"{cause}; supported: {string.Join(", ", names)}";
        }

        return http.Response.WriteAsync($"unable to upgrade: {cause}\n");
    }

    /// <param name="Protocol">Its name; empty where the client named none.</param>
    /// <param name="RunAsync">Gets the connection, and what fires when the client is gone; returns what the client did wrong, null when nothing.</param>
    private sealed record Session(string Protocol, Func<Stream, CancellationToken, Task<string?>> RunAsync);
}
