using System.Collections.Frozen;
using CriShim.GrpcServer.Calls;
using CriShim.GrpcServer.Wire;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CriShim.GrpcServer.Hosting;

/// <summary>All methods that are served, by path.</summary>
internal sealed class CallTable
{
    private readonly GrpcServerOptions _options;
    private readonly ILogger _logger;
    private readonly FrozenDictionary<string, CallHandler> _handlers;
    private readonly FrozenSet<string> _services;

    public CallTable(IEnumerable<ServerServiceDefinition> services, GrpcServerOptions options, ILogger logger)
    {
        _options = options;
        _logger = logger;
        var binder = new CallBinder(options, logger);
        foreach (var service in services)
        {
            service.BindService(binder);
        }

        _handlers = binder.Handlers.ToFrozenDictionary(handler => handler.Method, StringComparer.Ordinal);
        _services = _handlers.Keys.Select(path => Split(path).Service).ToFrozenSet(StringComparer.Ordinal);
    }

    public Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        return (_handlers.TryGetValue(path, out var handler) ? handler : Unknown(path)).HandleAsync(http);
    }

    private UnimplementedCallHandler Unknown(string path)
    {
        var (service, method) = Split(path);
        var status = _services.Contains(service) ? WireErrors.UnknownMethod(service, method) : WireErrors.UnknownService(service);
        return new UnimplementedCallHandler(path, status, _options, _logger);
    }

    private static (string Service, string Method) Split(string path)
    {
        var name = path.TrimStart('/');
        var slash = name.LastIndexOf('/');
        return slash < 0 ? (name, "") : (name[..slash], name[(slash + 1)..]);
    }
}
