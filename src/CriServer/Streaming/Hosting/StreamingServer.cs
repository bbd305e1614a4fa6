using System.Net;
using System.Net.Sockets;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CriShim.CriServer.Streaming.Hosting;

/// <summary>The HTTP/1.1 server that session URLs lead to: Kestrel alone, as for gRPC.</summary>
internal sealed class StreamingServer : IAsyncDisposable
{
    private const int MaxConnections = 8192;
    private const int MaxHeaderBytes = 16 * 1024;
    private static readonly TimeSpan s_requestLimit = TimeSpan.FromSeconds(10);

    private readonly StreamingOptions _options;
    private readonly KestrelServer _kestrel;
    private readonly StreamingApplication _application;
    private readonly SessionEndpoint _endpoint;
    private readonly ServerCertificate? _certificate;
    private readonly ILogger _log;

    public StreamingServer(StreamingOptions options, SessionEndpoint endpoint, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _endpoint = endpoint;
        _log = loggers.CreateLogger<StreamingServer>();
        var address = IPAddress.Parse(options.Address);
        var kestrel = new KestrelServerOptions { AddServerHeader = false };
        kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Limits.RequestHeadersTimeout = s_requestLimit;
        kestrel.Limits.KeepAliveTimeout = s_requestLimit;
        kestrel.Limits.MinResponseDataRate = null;
        _certificate = options.Tls.Enabled ? new ServerCertificate(options.Tls, Loopback(address), time, _log) : null;
        kestrel.Listen(address, options.Port, Configure);
        _application = new StreamingApplication(endpoint);
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers);
        _kestrel = new KestrelServer(Options.Create(kestrel), transport, loggers);
    }

    /// <summary>What session URLs begin with; known once the server listens.</summary>
    public Uri BaseUrl { get; private set; } = new("http://unknown/");

    /// <exception cref="CriException">The address cannot be listened on.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _kestrel.StartAsync(_application, cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new CriException(
                CriErrorKind.FailedPrecondition, $"failed to listen on streaming address \"{_options.Address}:{_options.Port}\": {e.Message}", e);
        }

        var listening = new Uri(_kestrel.Features.Get<IServerAddressesFeature>()!.Addresses.First());
        var host = Loopback(IPAddress.Parse(_options.Address));
        BaseUrl = new UriBuilder(_options.Tls.Enabled ? Uri.UriSchemeHttps : Uri.UriSchemeHttp, host.ToString(), listening.Port).Uri;
        StreamingLog.Listening(_log, BaseUrl.Authority);
    }

    /// <summary>Ends all sessions.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _endpoint.EndSessionsAsync();
        await _kestrel.StopAsync(cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        _kestrel.Dispose();
        _endpoint.Dispose();
        _certificate?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Configure(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        ((IConnectionBuilder)listen).Use(next => connection =>
        {
            // A client whose machine is gone says nothing: the kernel asks.
            connection.Features.Get<IConnectionSocketFeature>()?.Socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            return next(connection);
        });
        if (_certificate is not null)
        {
            var tls = new TlsConnection(_certificate, _log);
            ((IConnectionBuilder)listen).Use(next => connection => tls.RunAsync(connection, next));
        }
    }

    private static IPAddress Loopback(IPAddress address) =>
        address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address;
}
