using System.Text;
using CriShim.GrpcServer.Tests.Fixtures;
using Grpc.Core;

namespace CriShim.GrpcServer.Tests.Calls;

public class CompressionTests
{
    private static readonly (string, string) s_gzip = ("grpc-encoding", "gzip");

    [Fact]
    public async Task Request_Gzip_IsDecompressed()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var body = Frames.Message(Frames.Gzip(Encoding.UTF8.GetBytes("packed")), compressed: 1);
        Assert.Equal("packed", (await grpc.SendAsync(GrpcFixture.Request("Echo", body, s_gzip))).Message);
    }

    [Fact]
    public async Task Request_GzipStreamWithPlainMessage_IsTakenAsItIs()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        Assert.Equal("plain", (await grpc.CallAsync("Echo", "plain", s_gzip)).Message);
    }

    [Fact]
    public async Task Request_CompressedWithoutEncoding_AnswersInternal()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var body = Frames.Message(Frames.Gzip([1]), compressed: 1);
        Assert.Equal(StatusCode.Internal, (await grpc.SendAsync(GrpcFixture.Request("Echo", body))).Status);
    }

    [Fact]
    public async Task Request_NotGzipAfterAll_AnswersInternal()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var body = Frames.Message([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], compressed: 1);
        Assert.Equal(StatusCode.Internal, (await grpc.SendAsync(GrpcFixture.Request("Echo", body, s_gzip))).Status);
    }

    [Fact]
    public async Task Request_DecompressionBomb_AnswersResourceExhausted()
    {
        await using var grpc = await GrpcFixture.StartAsync(new() { MaxReceiveMessageBytes = 100_000 });
        var body = Frames.Message(Frames.Gzip(new byte[20_000_000]), compressed: 1);
        Assert.Equal(StatusCode.ResourceExhausted, (await grpc.SendAsync(GrpcFixture.Request("Echo", body, s_gzip))).Status);
    }

    [Fact]
    public async Task Request_OtherEncoding_AnswersUnimplementedAndNamesOurs()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.CallAsync("Echo", "x", ("grpc-encoding", "zstd"));
        Assert.Equal(StatusCode.Unimplemented, reply.Status);
        Assert.Equal("identity,gzip", reply.Headers["grpc-accept-encoding"]);
    }

    [Theory]
    [InlineData(true, "identity, gzip", true)]
    [InlineData(true, "identity", false)]
    [InlineData(false, "gzip", false)]
    public async Task Response_Gzip_OnlyWhereBothSidesWantIt(bool option, string accepts, bool expected)
    {
        await using var grpc = await GrpcFixture.StartAsync(new() { CompressResponses = option });
        var reply = await grpc.CallAsync("Echo", new string('y', 1000), ("grpc-accept-encoding", accepts));
        var (compressed, payload) = Assert.Single(Frames.Split(reply.Body));
        Assert.Equal(expected, compressed == 1);
        Assert.Equal(expected, reply.Headers.GetValueOrDefault("grpc-encoding") == "gzip");
        Assert.Equal(new string('y', 1000), expected ? Frames.Gunzip(payload) : Encoding.UTF8.GetString(payload));
    }
}
