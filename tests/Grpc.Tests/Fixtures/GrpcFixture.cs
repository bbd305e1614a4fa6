using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using CriShim.GrpcServer.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace CriShim.GrpcServer.Tests.Fixtures;

/// <summary>A host on a unix socket of its own and an HTTP/2 client to it.</summary>
internal sealed class GrpcFixture : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("grpc-tests-");
    private readonly GrpcHost _host;
    private readonly HttpClient _client;

    private GrpcFixture(GrpcServerOptions options)
    {
        SocketPath = Path.Combine(_folder.FullName, "grpc.sock");
        _host = new GrpcHost(SocketPath, [Methods.Definition], options, NullLoggerFactory.Instance);
        _client = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, token) => await ConnectAsync(token) })
        {
            BaseAddress = new Uri("http://localhost"),
            Timeout = TimeSpan.FromSeconds(30),
        };
    }

    public TestMethods Methods { get; } = new();

    public string SocketPath { get; }

    public static async Task<GrpcFixture> StartAsync(GrpcServerOptions? options = null)
    {
        var fixture = new GrpcFixture(options ?? new GrpcServerOptions());
        await fixture._host.StartAsync(CancellationToken.None);
        return fixture;
    }

    public async Task<NetworkStream> ConnectAsync(CancellationToken cancellationToken = default)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async Task<GrpcReply> CallAsync(string method, string request, params (string Name, string Value)[] headers) =>
        await SendAsync(Request(method, Frames.Message(request), headers));

    public static HttpRequestMessage Request(string method, byte[] body, params (string Name, string Value)[] headers) =>
        Request(method, new ByteArrayContent(body), headers);

    public static HttpRequestMessage Request(string method, HttpContent content, params (string Name, string Value)[] headers)
    {
        var path = method.StartsWith('/') ? method : $"/{TestMethods.Service}/{method}";
        content.Headers.ContentType ??= new MediaTypeHeaderValue("application/grpc");
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    public Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken cancellationToken = default) =>
        _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    public async Task<GrpcReply> SendAsync(HttpRequestMessage request)
    {
        using var response = await OpenAsync(request);
        var body = await response.Content.ReadAsByteArrayAsync();
        return new GrpcReply(response, body);
    }

    public async Task StopAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _host.StopAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await StopAsync();
        await _host.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
