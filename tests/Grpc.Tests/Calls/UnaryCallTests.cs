using CriShim.GrpcServer.Tests.Fixtures;
using Grpc.Core;

namespace CriShim.GrpcServer.Tests.Calls;

public class UnaryCallTests
{
    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("ünïcødé ✓")]
    public async Task Call_AnyMessage_ComesBackWithStatusInTrailers(string text)
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.CallAsync("Echo", text);
        Assert.Equal(StatusCode.OK, reply.Status);
        Assert.False(reply.TrailersOnly);
        Assert.Equal("application/grpc", reply.ContentType);
        Assert.Equal(text, reply.Message);
    }

    [Theory]
    [InlineData(4_091)]
    [InlineData(32 * 1024)]
    [InlineData(32 * 1024 + 1)]
    [InlineData(5_000_000)]
    public async Task Call_BigMessages_ComeThroughWhole(int size)
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var text = string.Create(size, 0, (span, _) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = (char)('a' + (i % 23));
            }
        });
        Assert.Equal(text, (await grpc.CallAsync("Echo", text)).Message);
    }

    [Fact]
    public async Task Call_HandlerThrowsRpcException_AnswersTrailersOnlyWithItsTrailers()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.CallAsync("Fail", "NotFound|container \"x\" is 100% gone ✓\n");
        Assert.True(reply.TrailersOnly);
        Assert.Empty(reply.Body);
        Assert.Equal(StatusCode.NotFound, reply.Status);
        Assert.Equal("container \"x\" is 100%25 gone %E2%9C%93%0A", reply.Detail);
        Assert.Equal("because", reply.Headers["reason"]);
        Assert.Equal("AQL/", reply.Headers["details-bin"]);
    }

    [Fact]
    public async Task Call_HandlerThrowsAnythingElse_AnswersUnknownWithTheMessage()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.CallAsync("Throw", "no such luck");
        Assert.Equal(StatusCode.Unknown, reply.Status);
        Assert.Equal("no such luck", reply.Detail);
    }

    [Fact]
    public async Task Call_ResponseAboveTheLimit_AnswersResourceExhausted()
    {
        await using var grpc = await GrpcFixture.StartAsync(new() { MaxSendMessageBytes = 1000 });
        Assert.Equal(StatusCode.OK, (await grpc.CallAsync("Big", "1000")).Status);
        var reply = await grpc.CallAsync("Big", "1001");
        Assert.Equal(StatusCode.ResourceExhausted, reply.Status);
        Assert.Empty(reply.Body);
    }

    [Fact]
    public async Task Call_HundredAtOnce_AllAnswer()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => grpc.CallAsync("Echo", $"call {i}")));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"call {i}"), replies.Select(reply => reply.Message));
    }

    [Fact]
    public async Task Call_ManyWaiting_DoesNotHoldUpOthersOnTheSameConnection()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        using var stop = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 300).Select(_ => grpc.OpenAsync(GrpcFixture.Request("Wait", Frames.Message("")), stop.Token)).ToArray();
        await grpc.Methods.Waiting.Task;
        Assert.Equal("through", (await grpc.CallAsync("Echo", "through")).Message);
        await stop.CancelAsync();
        await Task.WhenAll(waiting.Select(async call => await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call)));
    }

    [Fact]
    public async Task Context_OfACall_KnowsItsNamesAndPeer()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        Assert.Equal($"/{TestMethods.Service}/Context|localhost|unix:|none", (await grpc.CallAsync("Context", "")).Message);
        Assert.EndsWith("|some", (await grpc.CallAsync("Context", "", ("grpc-timeout", "1M"))).Message);
    }
}
