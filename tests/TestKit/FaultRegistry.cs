using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Net.Http.Headers;

namespace CriShim.TestKit;

/// <summary>One request as a registry saw it.</summary>
/// <param name="Protocol">HTTP/1.1 or HTTP/2.</param>
/// <param name="ClientCertificate">Subject; null: none was shown.</param>
public sealed record SeenRequest(
    string Method, string Path, string Query, string? Authorization, string? Range, string Protocol, string? ClientCertificate, IHeaderDictionary Headers)
{
    public bool IsBlob => Path.Contains("/blobs/", StringComparison.Ordinal);
}

/// <summary>
/// A registry on loopback, in this process, that serves what it is given, with ranges, and misbehaves as it is told (<see cref="Faults"/>).
/// Over TLS it speaks HTTP/2.
/// </summary>
public sealed class FaultRegistry : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, (string Type, byte[] Bytes)> _contents = new(StringComparer.Ordinal);
    private readonly WebApplication _server;

    private FaultRegistry(TestCertificates? certificates, bool wantsClientCertificate)
    {
        Host = $"127.0.0.1:{FreePort()}";
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPEndPoint.Parse(Host), listen =>
            {
                if (certificates is not null)
                {
                    listen.UseHttps(certificates.Server, https =>
                    {
                        https.ClientCertificateMode = wantsClientCertificate ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.NoCertificate;
                        https.ClientCertificateValidation = (certificate, _, _) => certificates.Issued(certificate);
                    });
                }
            });
        });
        _server = builder.Build();
        _server.Run(AnswerAsync);
    }

    /// <summary>host:port.</summary>
    public string Host { get; }

    public ConcurrentQueue<SeenRequest> Requests { get; } = new();

    /// <summary>Blob requests for something larger than a config.</summary>
    public IEnumerable<SeenRequest> LayerRequests => Requests.Where(r => r.IsBlob && _contents.TryGetValue(r.Path, out var c) && IsLayer(c.Bytes));

    /// <summary>What goes wrong; null: nothing.</summary>
    public Fault? Fault { get; set; }

    public static async Task<FaultRegistry> StartAsync(TestCertificates? certificates = null, bool wantsClientCertificate = false)
    {
        var registry = new FaultRegistry(certificates, wantsClientCertificate);
        await registry._server.StartAsync();
        return registry;
    }

    public void Add(ImageBuilder image, string repository, string tag)
    {
        foreach (var (path, type, bytes) in image.Contents(repository, tag))
        {
            _contents["/v2/" + path] = (type, bytes);
        }
    }

    /// <summary>Everything that <paramref name="other"/> has.</summary>
    public void AddAll(FaultRegistry other)
    {
        foreach (var (path, content) in other._contents)
        {
            _contents[path] = content;
        }
    }

    /// <summary>Changes the bytes of all layers, not their names.</summary>
    public void ChangeLayers(Func<byte[], byte[]> change)
    {
        foreach (var (path, content) in _contents.Where(c => c.Key.Contains("/blobs/", StringComparison.Ordinal) && IsLayer(c.Value.Bytes)))
        {
            _contents[path] = (content.Type, change([.. content.Bytes]));
        }
    }

    /// <summary>Changes what all manifests say they are.</summary>
    public void ChangeManifestTypes(string type)
    {
        foreach (var (path, content) in _contents.Where(c => c.Key.Contains("/manifests/", StringComparison.Ordinal)))
        {
            _contents[path] = (type, content.Bytes);
        }
    }

    public static bool IsLayer(byte[] bytes) => bytes is [0x1f, 0x8b, ..];

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await _server.StopAsync(now.Token);
        await _server.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        Requests.Enqueue(new SeenRequest(
            request.Method, request.Path, request.QueryString.Value ?? "", request.Headers.Authorization, request.Headers.Range, request.Protocol,
            context.Connection.ClientCertificate?.Subject, new HeaderDictionary(request.Headers.ToDictionary())));
        var content = _contents.GetValueOrDefault(request.Path.Value ?? "");
        if (Fault is not null && await Fault(context, content.Bytes))
        {
            return;
        }

        if (content.Bytes is null)
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync("""{"errors":[{"code":"NAME_UNKNOWN","message":"there is no such thing"}]}""");
            return;
        }

        context.Response.ContentType = content.Type;
        await WriteAsync(context, content.Bytes, FromOf(context));
    }

    /// <summary>First byte of the range that is asked for; 0: all.</summary>
    public static int FromOf(HttpContext context) => (int)(context.Request.GetTypedHeaders().Range?.Ranges.FirstOrDefault()?.From ?? 0);

    /// <summary>An answer with everything from byte <paramref name="from"/>; the headers of the whole even if <paramref name="count"/> is less.</summary>
    public static async Task WriteAsync(HttpContext context, byte[] bytes, int from, int? count = null)
    {
        var response = context.Response;
        if (from > 0 && from >= bytes.Length)
        {
            response.StatusCode = 416;
            return;
        }

        if (from > 0)
        {
            response.StatusCode = 206;
            response.GetTypedHeaders().ContentRange = new ContentRangeHeaderValue(from, bytes.Length - 1, bytes.Length);
        }

        response.ContentLength = bytes.Length - from;
        await response.Body.WriteAsync(bytes.AsMemory(from, Math.Min(count ?? int.MaxValue, bytes.Length - from)), context.RequestAborted);
        await response.Body.FlushAsync(context.RequestAborted);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
