using CriShim.CriServer.Configuration;
using CriShim.CriServer.Streaming.Hosting;
using CriShim.CriServer.Streaming.PortForward;
using CriShim.CriServer.Streaming.RemoteCommand;
using CriShim.CriServer.Streaming.Sessions;
using CriShim.CriServer.Streaming.Targets;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Streaming;

/// <summary>Every object of the streaming server.</summary>
internal sealed class StreamingServices : IAsyncDisposable
{
    private readonly StreamingServer _server;

    /// <param name="drain">An ended command's output is taken for ended when it pauses for so long.</param>
    public StreamingServices(
        StreamingOptions options, TimeSpan drain, IContainerStreams containers, IPodDialer pods, TimeProvider time, ILoggerFactory loggers)
    {
        var limits = new SessionLimits(
            TimeSpan.FromSeconds(options.CreationTimeoutSeconds), TimeSpan.FromSeconds(options.IdleTimeoutSeconds), drain);
        Tokens = new SessionTokens(options.MaxTokens, time);
        var commands = new CommandRunner(containers, limits, time);
        var ports = new PortForwardRunner(pods, limits, time);
        _server = new StreamingServer(
            options, new SessionEndpoint(Tokens, commands, ports, limits, time, loggers.CreateLogger<SessionEndpoint>()), time, loggers);
    }

    public SessionTokens Tokens { get; }

    /// <inheritdoc cref="StreamingServer.BaseUrl"/>
    public Uri BaseUrl => _server.BaseUrl;

    /// <inheritdoc cref="StreamingServer.StartAsync"/>
    public Task StartAsync(CancellationToken cancellationToken) => _server.StartAsync(cancellationToken);

    /// <inheritdoc cref="StreamingServer.StopAsync"/>
    public Task StopAsync(CancellationToken cancellationToken) => _server.StopAsync(cancellationToken);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
