using CriShim.GrpcServer.Tests.Fixtures;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace CriShim.GrpcServer.Tests.Hosting;

public class InterceptorTests
{
    [Fact]
    public async Task Interceptor_OfUnaryCalls_MayMapErrors()
    {
        await using var grpc = await GrpcFixture.StartAsync(new() { Interceptor = new Mapping() });
        var reply = await grpc.CallAsync("Throw", "oh");
        Assert.Equal((StatusCode.FailedPrecondition, "mapped: oh"), (reply.Status, reply.Detail));
        Assert.Equal("fine", (await grpc.CallAsync("Echo", "fine")).Message);
    }

    [Fact]
    public async Task Interceptor_OfStreamingCalls_StandsAroundThem()
    {
        await using var grpc = await GrpcFixture.StartAsync(new() { Interceptor = new Mapping() });
        Assert.Equal(["first", "message 0"], (await grpc.CallAsync("Count", "1")).Messages);
    }

    private sealed class Mapping : Interceptor
    {
        public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        {
            try
            {
                return await continuation(request, context);
            }
            catch (InvalidOperationException exception)
            {
                throw new RpcException(new Status(StatusCode.FailedPrecondition, $"mapped: {exception.Message}"));
            }
        }

        public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
            TRequest request,
            IServerStreamWriter<TResponse> responseStream,
            ServerCallContext context,
            ServerStreamingServerMethod<TRequest, TResponse> continuation)
        {
            await responseStream.WriteAsync((TResponse)(object)"first");
            await continuation(request, responseStream, context);
        }
    }
}
