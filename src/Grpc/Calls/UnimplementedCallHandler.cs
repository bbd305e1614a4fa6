using CriShim.GrpcServer.Hosting;
using CriShim.GrpcServer.Wire;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace CriShim.GrpcServer.Calls;

/// <summary>Answers calls that nobody serves.</summary>
internal sealed class UnimplementedCallHandler(string method, Status status, GrpcServerOptions options, ILogger logger)
    : CallHandler(method, options, logger)
{
    protected override Task InvokeAsync(MessageReader request, HttpServerCallContext call)
    {
        call.Status = status;
        return Task.CompletedTask;
    }
}
