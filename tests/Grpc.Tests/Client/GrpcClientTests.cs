using System.Text;
using CriShim.GrpcServer.Client;
using CriShim.GrpcServer.Tests.Fixtures;
using Grpc.Core;

namespace CriShim.GrpcServer.Tests.Client;

public sealed class GrpcClientTests
{
    private static readonly Marshaller<string> s_text = Marshallers.Create(Encoding.UTF8.GetBytes, Encoding.UTF8.GetString);

    [Fact]
    public async Task CallAsync_Unary_GivesItsResponse()
    {
        await using var fixture = await GrpcFixture.StartAsync();
        using var client = new GrpcClient(fixture.SocketPath);
        Assert.Equal("hello", await client.CallAsync(Method("Echo"), "hello", CancellationToken.None));
    }

    [Fact]
    public async Task CallAsync_MethodThatIsNotThere_GivesItsStatus()
    {
        await using var fixture = await GrpcFixture.StartAsync();
        using var client = new GrpcClient(fixture.SocketPath);
        var e = await Assert.ThrowsAsync<RpcException>(() => client.CallAsync(Method("None"), "x", CancellationToken.None));
        Assert.Equal(StatusCode.Unimplemented, e.Status.StatusCode);
    }

    [Fact]
    public async Task CallAsync_NoSocket_SaysSo()
    {
        using var client = new GrpcClient("/none/grpc.sock");
        var e = await Assert.ThrowsAsync<ConnectionException>(() => client.CallAsync(Method("Echo"), "x", CancellationToken.None));
        Assert.Equal("failed to talk to the server on \"/none/grpc.sock\": there is no such socket", e.Message);
    }

    private static Method<string, string> Method(string name) => new(MethodType.Unary, TestMethods.Service, name, s_text, s_text);
}
