using CriShim.GrpcServer.Tests.Fixtures;
using Grpc.Core;

namespace CriShim.GrpcServer.Tests.Calls;

public class RequestFramingTests
{
    [Fact]
    public async Task Request_ByteByByte_IsPutTogether()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var chunks = Frames.Message("piecemeal").Select(b => new[] { b });
        Assert.Equal("piecemeal", (await grpc.SendAsync(GrpcFixture.Request("Echo", new ChunkedContent(chunks)))).Message);
    }

    [Fact]
    public async Task Request_NoMessage_AnswersInternal()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.SendAsync(GrpcFixture.Request("Echo", []));
        Assert.Equal((StatusCode.Internal, "request has no message"), (reply.Status, reply.Detail));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(9)]
    public async Task Request_Truncated_AnswersInternal(int bytes)
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.SendAsync(GrpcFixture.Request("Echo", Frames.Message("truncated")[..bytes]));
        Assert.Equal((StatusCode.Internal, "request ends within a message"), (reply.Status, reply.Detail));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_TwoMessages_AnswersInternal(bool apart)
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var message = Frames.Message("one");
        HttpContent content = apart ? new ChunkedContent([message, message]) : new ByteArrayContent([.. message, .. message]);
        var reply = await grpc.SendAsync(GrpcFixture.Request("Echo", content));
        Assert.Equal((StatusCode.Internal, "request has more than one message"), (reply.Status, reply.Detail));
    }

    [Fact]
    public async Task Request_AboveTheLimit_AnswersResourceExhaustedWithoutReadingIt()
    {
        await using var grpc = await GrpcFixture.StartAsync(new() { MaxReceiveMessageBytes = 100 });
        Assert.Equal(StatusCode.OK, (await grpc.CallAsync("Echo", new string('x', 100))).Status);
        var never = new TaskCompletionSource();
        var prefixOnly = new ChunkedContent([Frames.Message(new string('x', 101))[..5]], never.Task);
        using var response = await grpc.OpenAsync(GrpcFixture.Request("Echo", prefixOnly));
        Assert.Equal("8", Assert.Single(response.Headers.GetValues("grpc-status")));
        never.SetResult();
    }

    [Fact]
    public async Task Request_LengthOfFourGigabytes_AnswersResourceExhausted()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        Assert.Equal(StatusCode.ResourceExhausted, (await grpc.SendAsync(GrpcFixture.Request("Echo", [0, 255, 255, 255, 255, 1]))).Status);
    }

    [Fact]
    public async Task Request_InvalidFlag_AnswersInternal()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        Assert.Equal(StatusCode.Internal, (await grpc.SendAsync(GrpcFixture.Request("Echo", Frames.Message([1], compressed: 7)))).Status);
    }

    [Fact]
    public async Task Request_DeserializerThrows_AnswersInternal()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.CallAsync("Picky", "x");
        Assert.Equal((StatusCode.Internal, "failed to parse the request message: not this one"), (reply.Status, reply.Detail));
    }
}
