using System.Collections.Concurrent;
using System.Security.Authentication;
using System.Security.Cryptography;
using CriShim.CriServer.Configuration;

namespace CriShim.CriServer.Images.Registry;

/// <summary>
/// HTTP to registries, for all pulls: one pool of connections per way of TLS, made anew when a certificate file changes, and what was
/// learned about hosts and tokens.
/// </summary>
/// <param name="proxy">Null: what the environment says.</param>
internal sealed class RegistryHttp(ImageOptions options, TimeProvider time, EnvironmentProxy? proxy = null) : IDisposable
{
    private static readonly TimeSpan s_idleLimit = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<RegistryTls, Pool> _pools = new();

    private sealed record Pool(HttpMessageInvoker Invoker, long FilesChanged);

    public TokenCache Tokens { get; } = new(time);

    public HostHealth Health { get; } = new(time);

    /// <summary>For the whole of a small body.</summary>
    public TimeSpan BodyLimit { get; } = TimeSpan.FromSeconds(options.ProgressTimeoutSeconds);

    /// <summary>Returns when the headers of an answer are there, whatever its status.</summary>
    /// <exception cref="RegistryException">There is no answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, RegistryTls tls, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(options.ResponseTimeoutSeconds));
        try
        {
            return await For(tls).SendAsync(request, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The handler's own limit on connecting ends in the same exception.
            throw new RegistryException(RegistryFailure.Unavailable, "no answer in time");
        }
        catch (HttpRequestException e)
        {
            throw new RegistryException(RegistryFailure.Unavailable, Describe(e), e) { IsTransient = StoodBefore(e.HttpRequestError) };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RegistryException(RegistryFailure.Unavailable, e.Message.TrimEnd('.').ToLowerInvariant(), e);
        }
        catch (CryptographicException e)
        {
            throw new RegistryException(RegistryFailure.Invalid, $"tls: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        foreach (var pool in _pools.Values)
        {
            pool.Invoker.Dispose();
        }
    }

    private HttpMessageInvoker For(RegistryTls tls)
    {
        var changed = TlsFiles.LastChange(tls);
        if (!_pools.TryGetValue(tls, out var pool) || pool.FilesChanged != changed)
        {
            // A pool that is replaced is not disposed of: downloads may run in it. Its connections end when they are idle.
            pool = _pools[tls] = new Pool(Create(tls), changed);
        }

        return pool.Invoker;
    }

    private HttpMessageInvoker Create(RegistryTls tls)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // RegistryClient follows, and decides who gets the credentials
            UseCookies = false,
            ActivityHeadersPropagator = null,
            Proxy = proxy ?? EnvironmentProxy.Instance,
            ConnectTimeout = tls.ConnectTimeout ?? TimeSpan.FromSeconds(options.ConnectTimeoutSeconds),
            PooledConnectionIdleTimeout = s_idleLimit,
            MaxResponseHeadersLength = 64,
            MaxResponseDrainSize = 64 * 1024,
            InitialHttp2StreamWindowSize = 1024 * 1024,
        };
        TlsFiles.Configure(handler.SslOptions, tls);
        return new HttpMessageInvoker(handler);
    }

    /// <summary>Not for failures on the way to a connection: these last, and another host may answer at once.</summary>
    private static bool StoodBefore(HttpRequestError error) =>
        error is HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError or HttpRequestError.Unknown;

    private static string Describe(HttpRequestException e) => e switch
    {
        { InnerException: AuthenticationException inner } => "tls: " + (inner.InnerException ?? inner).Message.ToLowerInvariant(),
        { InnerException: System.Net.Sockets.SocketException inner } => inner.Message.ToLowerInvariant(),
        { InnerException: HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } } => "connection broke before an answer came",
        _ => e.Message.TrimEnd('.').ToLowerInvariant(),
    };
}
