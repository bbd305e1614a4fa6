using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using CriShim.GrpcServer.Wire;
using Grpc.Core;

namespace CriShim.GrpcServer.Client;

/// <summary>Calls of gRPC methods over HTTP/2 without TLS on a unix socket: one request, one response or a stream of them.</summary>
public sealed class GrpcClient : IDisposable
{
    private readonly string _socketPath;
    private readonly HttpMessageInvoker _http;

    public GrpcClient(string socketPath)
    {
        _socketPath = socketPath;
        _http = new HttpMessageInvoker(new SocketsHttpHandler { ConnectCallback = ConnectAsync, UseProxy = false, ActivityHeadersPropagator = null });
    }

    public void Dispose() => _http.Dispose();

    /// <exception cref="RpcException">The call failed.</exception>
    /// <exception cref="ConnectionException">Nobody answers.</exception>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(Method<TRequest, TResponse> method, TRequest request, CancellationToken cancellation)
        where TResponse : class
    {
        TResponse? response = null;
        await foreach (var message in StreamAsync(method, request, cancellation))
        {
            response = message;
        }

        return response ?? throw new RpcException(new Status(StatusCode.Internal, "the reply has no message"));
    }

    /// <inheritdoc cref="CallAsync"/>
    public async IAsyncEnumerable<TResponse> StreamAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method, TRequest request, [EnumeratorCancellation] CancellationToken cancellation)
        where TResponse : class
    {
        await using var stream = await GuardAsync(() => StartAsync(method, request, cancellation));
        while (await GuardAsync(() => stream.ReadAsync(cancellation)) is { } message)
        {
            yield return message;
        }
    }

    private async Task<ResponseStream<TResponse>> StartAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method, TRequest request, CancellationToken cancellation)
        where TResponse : class
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "http://localhost" + method.FullName)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(MessageBuffer.Frame(request, method.RequestMarshaller)),
        };
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        message.Content.Headers.ContentType = new MediaTypeHeaderValue(GrpcProtocol.ContentType);
        var reply = await _http.SendAsync(message, cancellation);
        return new ResponseStream<TResponse>(reply, await reply.Content.ReadAsStreamAsync(cancellation), method.ResponseMarshaller);
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socketPath), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>For a path that is not there .NET says that the address cannot be assigned.</summary>
    private string CauseOf(Exception e) => !File.Exists(_socketPath)
        ? "there is no such socket"
        : (e.InnerException is SocketException socket ? socket : e).Message.ToLowerInvariant();

    private async Task<T> GuardAsync<T>(Func<Task<T>> step)
    {
        try
        {
            return await step();
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            throw new ConnectionException($"failed to talk to the server on \"{_socketPath}\": {CauseOf(e)}", e);
        }
    }
}
