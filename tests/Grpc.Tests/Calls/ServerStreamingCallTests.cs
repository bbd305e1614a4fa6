using CriShim.GrpcServer.Tests.Fixtures;
using Grpc.Core;

namespace CriShim.GrpcServer.Tests.Calls;

public class ServerStreamingCallTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1000)]
    public async Task Stream_OfSomeMessages_ArrivesInOrder(int count)
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.CallAsync("Count", $"{count}");
        Assert.Equal(StatusCode.OK, reply.Status);
        Assert.Equal(count == 0, reply.TrailersOnly);
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"message {i}"), reply.Messages);
    }

    [Fact]
    public async Task Stream_ToAClientThatDoesNotRead_HoldsTheHandlerBackAndEndsWithIt()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var response = await grpc.OpenAsync(GrpcFixture.Request("Flood", Frames.Message("")));
        var before = -1;
        for (var i = 0; before != grpc.Methods.Flooded && i < 50; i++)
        {
            before = grpc.Methods.Flooded;
            await Task.Delay(100);
        }

        Assert.Equal(before, grpc.Methods.Flooded);
        Assert.InRange(before, 1, 2000);
        response.Dispose();
        await grpc.Methods.Cancelled.Task.WaitAsync(s_soon);
    }

    [Fact]
    public async Task Stream_DeadlineWhileTheClientDoesNotRead_EndsTheHandler()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        using var response = await grpc.OpenAsync(GrpcFixture.Request("Flood", Frames.Message(""), ("grpc-timeout", "300m")));
        await grpc.Methods.Cancelled.Task.WaitAsync(s_soon);
    }

    [Fact]
    public async Task Stream_TwoWritesAtOnce_IsAFault()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.CallAsync("Overlap", "");
        Assert.Equal((StatusCode.Unknown, "another write is under way"), (reply.Status, reply.Detail));
    }

    [Fact]
    public async Task ClientStreaming_AnyCall_AnswersUnimplemented()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        Assert.Equal(StatusCode.Unimplemented, (await grpc.CallAsync("Upload", "")).Status);
    }
}
