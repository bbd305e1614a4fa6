using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Google.Protobuf;

namespace CriShim.TestKit;

/// <summary>A failed call: the gRPC status code's number and message.</summary>
public sealed class CriCallException(string method, int code, string message) : Exception($"{method}: code {code}: {message}")
{
    public int Code { get; } = code;

    public string Detail { get; } = message;
}

/// <summary>A CRI client over HTTP/2 on a unix socket, independent of the server's gRPC code: what a stranger's client sends and reads.</summary>
public sealed class CriClient : IDisposable
{
    private const string RuntimeService = "runtime.v1.RuntimeService";
    private const string ImageService = "runtime.v1.ImageService";
    private readonly HttpClient _http;

    public CriClient(string socketPath)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = false,
            ConnectCallback = async (_, token) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), token);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri("http://localhost"), Timeout = Timeout.InfiniteTimeSpan };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>A unary call of the RuntimeService; the method's name is the request's without "Request".</summary>
    public Task<TResponse> RuntimeAsync<TResponse>(IMessage request, TimeSpan? timeout = null, string? method = null)
        where TResponse : IMessage<TResponse>, new() =>
        UnaryAsync<TResponse>(RuntimeService, method ?? MethodOf(request), request, timeout);

    /// <inheritdoc cref="RuntimeAsync{TResponse}"/>
    public Task<TResponse> ImageAsync<TResponse>(IMessage request, TimeSpan? timeout = null, string? method = null)
        where TResponse : IMessage<TResponse>, new() =>
        UnaryAsync<TResponse>(ImageService, method ?? MethodOf(request), request, timeout);

    /// <summary>All messages of a server-streaming call of the RuntimeService.</summary>
    public Task<List<TResponse>> StreamAsync<TResponse>(IMessage request, string? method = null)
        where TResponse : IMessage<TResponse>, new() =>
        CallAsync<TResponse>(request is CriShim.Cri.V1.StreamImagesRequest ? ImageService : RuntimeService, method ?? MethodOf(request), request, null);

    private static string MethodOf(IMessage request) => request.Descriptor.Name[..^"Request".Length];

    private async Task<TResponse> UnaryAsync<TResponse>(string service, string method, IMessage request, TimeSpan? timeout)
        where TResponse : IMessage<TResponse>, new()
    {
        var messages = await CallAsync<TResponse>(service, method, request, timeout);
        return messages.Count == 1 ? messages[0] : throw new InvalidDataException($"{method}: {messages.Count} messages in a unary reply");
    }

    private async Task<List<TResponse>> CallAsync<TResponse>(string service, string method, IMessage request, TimeSpan? timeout)
        where TResponse : IMessage<TResponse>, new()
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, $"/{service}/{method}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(request)),
        };
        message.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        if (timeout is { } limit)
        {
            message.Headers.Add("grpc-timeout", $"{(long)limit.TotalMilliseconds}m");
        }

        using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
        var body = await response.Content.ReadAsByteArrayAsync();
        ThrowOnError(method, response);
        return Parse<TResponse>(body);
    }

    private static void ThrowOnError(string method, HttpResponseMessage response)
    {
        var status = Trailer(response, "grpc-status") ?? throw new InvalidDataException($"{method}: no grpc-status, HTTP {(int)response.StatusCode}");
        if (status != "0")
        {
            var code = int.Parse(status, System.Globalization.CultureInfo.InvariantCulture);
            throw new CriCallException(method, code, Uri.UnescapeDataString(Trailer(response, "grpc-message") ?? ""));
        }
    }

    private static string? Trailer(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var trailers) || response.Headers.TryGetValues(name, out trailers) ? trailers.First() : null;

    private static byte[] Frame(IMessage request)
    {
        var size = request.CalculateSize();
        var frame = new byte[5 + size];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        request.WriteTo(frame.AsSpan(5));
        return frame;
    }

    private static List<TResponse> Parse<TResponse>(byte[] body)
        where TResponse : IMessage<TResponse>, new()
    {
        var parser = new MessageParser<TResponse>(() => new TResponse());
        var messages = new List<TResponse>();
        for (var at = 0; at < body.Length;)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(body.AsSpan(at + 1));
            messages.Add(parser.ParseFrom(body.AsSpan(at + 5, size)));
            at += 5 + size;
        }

        return messages;
    }
}
