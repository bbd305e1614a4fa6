using CriShim.GrpcServer.Calls;
using CriShim.GrpcServer.Wire;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CriShim.GrpcServer.Hosting;

/// <summary>Makes a call handler of each method that a service has.</summary>
internal sealed class CallBinder(GrpcServerOptions options, ILogger logger) : ServiceBinderBase
{
    public List<CallHandler> Handlers { get; } = [];

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler) =>
        Handlers.Add(new UnaryCallHandler<TRequest, TResponse>(method, handler!, options, logger));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler) =>
        Handlers.Add(new ServerStreamingCallHandler<TRequest, TResponse>(method, handler!, options, logger));

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler) => AddUnimplemented(method);

    public override void AddMethod<TRequest, TResponse>(
        Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler) => AddUnimplemented(method);

    private void AddUnimplemented(IMethod method) =>
        Handlers.Add(new UnimplementedCallHandler(method.FullName, WireErrors.ClientStreaming(method.FullName), options, logger));
}
