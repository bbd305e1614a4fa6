using CriShim.GrpcServer.Hosting;
using CriShim.GrpcServer.Wire;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CriShim.GrpcServer.Calls;

/// <summary>One request, any number of responses.</summary>
internal sealed class ServerStreamingCallHandler<TRequest, TResponse>(
    Method<TRequest, TResponse> method,
    ServerStreamingServerMethod<TRequest, TResponse> handler,
    GrpcServerOptions options,
    ILogger logger) : CallHandler(method.FullName, options, logger)
    where TRequest : class
    where TResponse : class
{
    private readonly ServerStreamingServerMethod<TRequest, TResponse> _handler = options.Interceptor is { } interceptor
        ? (request, stream, context) => interceptor.ServerStreamingServerHandler(request, stream, context, handler)
        : handler;

    protected override async Task InvokeAsync(MessageReader request, HttpServerCallContext call)
    {
        var message = await request.ReadSingleAsync(method.RequestMarshaller, call.CancellationToken);
        using var responses = new StreamWriter<TResponse>(call, method.ResponseMarshaller);
        await _handler(message, responses, call);
    }
}
