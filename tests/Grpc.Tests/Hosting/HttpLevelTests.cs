using System.Net;
using System.Net.Http.Headers;
using CriShim.GrpcServer.Tests.Fixtures;
using Grpc.Core;

namespace CriShim.GrpcServer.Tests.Hosting;

public class HttpLevelTests
{
    [Theory]
    [InlineData("application/grpc", HttpStatusCode.OK)]
    [InlineData("application/grpc+proto", HttpStatusCode.OK)]
    [InlineData("application/grpc; charset=utf-8", HttpStatusCode.OK)]
    [InlineData("application/grpc-web", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", HttpStatusCode.UnsupportedMediaType)]
    public async Task Request_ContentType_DecidesWhetherItIsGrpc(string contentType, HttpStatusCode expected)
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var content = new ByteArrayContent(Frames.Message("x"));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        Assert.Equal(expected, (await grpc.SendAsync(GrpcFixture.Request("Echo", content))).HttpStatus);
    }

    [Fact]
    public async Task Request_Get_AnswersMethodNotAllowed()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var request = GrpcFixture.Request("Echo", []);
        request.Method = HttpMethod.Get;
        request.Content = null;
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await grpc.SendAsync(request)).HttpStatus);
    }

    [Theory]
    [InlineData("/test.v1.TestService/Nothing", "unknown method Nothing for service test.v1.TestService")]
    [InlineData("/other.Service/Method", "unknown service other.Service")]
    [InlineData("/", "unknown service ")]
    public async Task Request_UnknownPath_AnswersUnimplemented(string path, string detail)
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var reply = await grpc.CallAsync(path, "x");
        Assert.Equal((HttpStatusCode.OK, StatusCode.Unimplemented, detail), (reply.HttpStatus, reply.Status, reply.Detail));
    }

    [Fact]
    public async Task Connection_Garbage_EndsOnlyThatConnection()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        Assert.Equal("before", (await grpc.CallAsync("Echo", "before")).Message);
        foreach (var garbage in new[] { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + new string('\xff', 500), "\0\0\0" })
        {
            await using var connection = await grpc.ConnectAsync();
            await connection.WriteAsync(System.Text.Encoding.Latin1.GetBytes(garbage));
            connection.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await connection.CopyToAsync(Stream.Null, limit.Token);
        }

        Assert.Equal("after", (await grpc.CallAsync("Echo", "after")).Message);
    }

    [Fact]
    public async Task Connection_Idle_StaysOpen()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        await using var connection = await grpc.ConnectAsync();
        await connection.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"u8.ToArray());

        // Kestrel looks for idle connections once a second.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2.5));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.CopyToAsync(Stream.Null, limit.Token));
    }

    [Fact]
    public async Task Stop_WithACallUnderWay_LetsItEnd()
    {
        await using var grpc = await GrpcFixture.StartAsync();
        var call = grpc.CallAsync("Wait", "", ("grpc-timeout", "300m"));
        await grpc.Methods.Waiting.Task;
        await grpc.StopAsync();
        Assert.Equal(StatusCode.DeadlineExceeded, (await call).Status);
    }
}
