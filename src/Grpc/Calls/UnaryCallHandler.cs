using CriShim.GrpcServer.Hosting;
using CriShim.GrpcServer.Wire;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CriShim.GrpcServer.Calls;

/// <summary>One request, one response.</summary>
internal sealed class UnaryCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method,
    UnaryServerMethod<TRequest, TResponse> handler,
    GrpcServerOptions options,
    ILogger logger) : CallHandler(method.FullName, options, logger)
    where TRequest : class
    where TResponse : class
{
    private readonly UnaryServerMethod<TRequest, TResponse> _handler = options.Interceptor is { } interceptor
        ? (request, context) => interceptor.UnaryServerHandler(request, context, handler)
        : handler;

    protected override async Task InvokeAsync(MessageReader request, HttpServerCallContext call)
    {
        var message = await request.ReadSingleAsync(method.RequestMarshaller, call.CancellationToken);
        var response = await _handler(message, call);
        if (call.Status.StatusCode != StatusCode.OK)
        {
            return;
        }

        var writer = await call.StartResponseAsync();
        var compress = call.WriteOptions?.Flags.HasFlag(WriteFlags.NoCompress) != true;

        // Not flushed: message and trailers leave together.
        await writer.WriteAsync(response, method.ResponseMarshaller, flush: false, compress, call.CancellationToken);
    }
}
