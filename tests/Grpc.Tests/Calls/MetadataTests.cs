using CriShim.GrpcServer.Tests.Fixtures;

namespace CriShim.GrpcServer.Tests.Calls;

public class MetadataTests
{
    [Fact]
    public async Task RequestHeaders_OfAClient_ComeWithoutTheProtocolsOwn()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.CallAsync(
            "Metadata", "", ("traceparent", "00-ab-cd-01"), ("blob-bin", "AQID"), ("short-bin", "AQ"), ("bad-bin", "!"), ("grpc-timeout", "1M"));
        Assert.Equal(["blob-bin=010203", "short-bin=01", "traceparent=00-ab-cd-01"], reply.Message.Split('\n').Order());
    }

    [Fact]
    public async Task ResponseHeadersAndTrailers_OfAHandler_Arrive()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.CallAsync("Metadata", "");
        Assert.Equal("42", reply.Headers["answer"]);
        Assert.Equal("3q0=", reply.Trailers["checksum-bin"]);
    }
}
