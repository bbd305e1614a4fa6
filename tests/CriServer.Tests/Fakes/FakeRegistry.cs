using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CriShim.CriServer.Images.Content;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Tests.Fakes;

/// <summary>A registry on loopback that serves what it is given and misbehaves as it is told.</summary>
internal sealed class FakeRegistry : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _loop;

    public FakeRegistry()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Host = $"127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
        }

        _listener.Prefixes.Add($"http://{Host}/");
        _listener.Start();
        _loop = Task.Run(ServeAsync);
    }

    public string Host { get; }

    /// <summary>Path below /v2/ to media type and bytes.</summary>
    public ConcurrentDictionary<string, (string Type, byte[] Bytes)> Contents { get; } = new();

    /// <summary>Every request: path and Authorization.</summary>
    public ConcurrentQueue<(string Path, string? Authorization)> Requests { get; } = new();

    /// <summary>Answers a request itself; false: the ordinary way.</summary>
    public Func<HttpListenerContext, Task<bool>> Intercept { get; set; } = _ => Task.FromResult(false);

    /// <summary>An image of gzip layers under a tag.</summary>
    /// <returns>The digest of its config.</returns>
    public Digest Push(string repository, string tag, params byte[][] archives) => Push(repository, tag, "{}", archives);

    public Digest Push(string repository, string tag, string executionConfig, params byte[][] archives)
    {
        var layers = archives.Select(Gzip).ToList();
        var diffIds = string.Join(',', archives.Select(a => $"\"{BlobIngest.DigestOf(a)}\""));
        var config = Encoding.UTF8.GetBytes(
            $$$"""{"architecture":"amd64","os":"linux","config":{{{executionConfig}}},"rootfs":{"type":"layers","diff_ids":[{{{diffIds}}}]}}""");
        var configDigest = Blob(repository, config);
        var descriptors = layers.Select(l => Descriptor(MediaTypes.OciLayerGzip, Blob(repository, l), l.Length));
        Manifest(repository, tag, MediaTypes.OciManifest, $$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}",
             "config":{{Descriptor(MediaTypes.OciConfig, configDigest, config.Length)}},"layers":[{{string.Join(',', descriptors)}}]}
            """);
        return configDigest;
    }

    public Digest Manifest(string repository, string tag, string type, string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var digest = BlobIngest.DigestOf(bytes);
        Contents[$"{repository}/manifests/{tag}"] = Contents[$"{repository}/manifests/{digest}"] = (type, bytes);
        return digest;
    }

    public Digest Blob(string repository, byte[] bytes)
    {
        var digest = BlobIngest.DigestOf(bytes);
        Contents[$"{repository}/blobs/{digest}"] = ("application/octet-stream", bytes);
        return digest;
    }

    public static string Descriptor(string type, Digest digest, long size) =>
        $$"""{"mediaType":"{{type}}","digest":"{{digest}}","size":{{size}}}""";

    public static byte[] Gzip(byte[] bytes)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return result.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _loop;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => AnswerAsync(context));
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            var path = context.Request.Url!.AbsolutePath;
            Requests.Enqueue((path, context.Request.Headers["Authorization"]));
            if (await Intercept(context))
            {
                return;
            }

            if (path.StartsWith("/v2/", StringComparison.Ordinal) && Contents.TryGetValue(path[4..], out var content))
            {
                context.Response.ContentType = content.Type;
                context.Response.ContentLength64 = content.Bytes.Length;
                await context.Response.OutputStream.WriteAsync(content.Bytes);
            }
            else
            {
                context.Response.StatusCode = 404;
                await context.Response.OutputStream.WriteAsync("""{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"""u8.ToArray());
            }

            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException)
        {
            // The client left.
        }
    }
}
