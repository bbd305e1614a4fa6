using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CriShim.GrpcServer.Hosting;

/// <summary>
/// Serves gRPC services over HTTP/2 without TLS on a unix socket. Kestrel alone, without a web host: no container of services, no
/// routing, no configuration, which saves memory and start-up time.
/// </summary>
public sealed class GrpcHost : IAsyncDisposable
{
    private readonly KestrelServer _kestrel;
    private readonly GrpcApplication _application;

    /// <param name="socketPath">Must not exist yet.</param>
    public GrpcHost(
        string socketPath, IEnumerable<ServerServiceDefinition> services, GrpcServerOptions options, ILoggerFactory loggers)
    {
        var kestrel = new KestrelServerOptions();
        GrpcLimits.Apply(kestrel);
        kestrel.ListenUnixSocket(socketPath, listen => listen.Protocols = HttpProtocols.Http2);
        _application = new GrpcApplication(new CallTable(services, options, loggers.CreateLogger("CriShim.GrpcServer")));
        var transport = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers);
        _kestrel = new KestrelServer(Options.Create(kestrel), transport, loggers);
    }

    /// <summary>Listens. Calls are served from when the task is done.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => _kestrel.StartAsync(_application, cancellationToken);

    /// <summary>Tells clients to go (GOAWAY) and lets calls under way end; those that have not when the token fires are cut.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _kestrel.StopAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        _kestrel.Dispose();
        return ValueTask.CompletedTask;
    }
}
