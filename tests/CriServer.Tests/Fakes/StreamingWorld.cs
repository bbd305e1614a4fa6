using CriShim.CriServer.Configuration;
using CriShim.CriServer.Streaming;
using CriShim.CriServer.Streaming.Hosting;
using CriShim.CriServer.Streaming.PortForward;
using CriShim.CriServer.Streaming.RemoteCommand;
using CriShim.CriServer.Streaming.Sessions;
using CriShim.TestKit.Streaming;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>A streaming server on loopback, its containers and pods played by the test.</summary>
internal sealed class StreamingWorld : IAsyncDisposable
{
    private readonly StreamingServer _server;

    private StreamingWorld(StreamingOptions options, TimeSpan idle, TimeSpan creation)
    {
        var limits = new SessionLimits(creation, idle, TimeSpan.FromMilliseconds(200));
        var time = TimeProvider.System;
        Tokens = new SessionTokens(options.MaxTokens, time);
        var endpoint = new SessionEndpoint(
            Tokens, new CommandRunner(Containers, limits, time), new PortForwardRunner(Containers, limits, time), limits, time, Logs.CreateLogger<SessionEndpoint>());
        _server = new StreamingServer(options, endpoint, time, Logs);
    }

    public static ILoggerFactory Logs => NullLoggerFactory.Instance;

    public FakeContainers Containers { get; } = new();

    public SessionTokens Tokens { get; }

    public Uri BaseUrl => _server.BaseUrl;

    public static async Task<StreamingWorld> StartAsync(StreamingOptions? options = null, double idleSeconds = 60, double creationSeconds = 20)
    {
        var world = new StreamingWorld(options ?? new StreamingOptions(), TimeSpan.FromSeconds(idleSeconds), TimeSpan.FromSeconds(creationSeconds));
        await world._server.StartAsync(CancellationToken.None);
        return world;
    }

    public string UrlFor(SessionRequest request) => new Uri(BaseUrl, $"{request.Kind}/{Tokens.Add(request)}").AbsoluteUri;

    /// <summary>A URL for a command; its streams by their first letters: i, o, e, and t for a terminal.</summary>
    public string CommandUrl(string streams, bool attach = false) => UrlFor(new CommandRequest(
        "c", attach ? [] : ["true"], streams.Contains('t'), streams.Contains('i'), streams.Contains('o'), streams.Contains('e')));

    public static async Task<SpdyClient> SpdyAsync(string url, string protocol = "v4.channel.k8s.io", bool flowControl = false)
    {
        var connection = await UpgradedConnection.SpdyAsync(url, protocol);
        Assert.Equal(101, connection.Status);
        Assert.Equal([protocol], connection.Headers["x-stream-protocol-version"]);
        return new SpdyClient(connection.Stream, flowControl);
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _server.StopAsync(limit.Token);
        await _server.DisposeAsync();
    }
}
