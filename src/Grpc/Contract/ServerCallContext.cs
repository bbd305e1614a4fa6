namespace Grpc.Core;

/// <summary>What a handler knows of its call. Valid until the handler returns.</summary>
public abstract class ServerCallContext
{
    /// <summary>Full name, "/package.Service/Method".</summary>
    public string Method => MethodCore;

    /// <summary>The :authority of the request.</summary>
    public string Host => HostCore;

    /// <summary>Address of the client, "unix:" for a unix socket.</summary>
    public string Peer => PeerCore;

    /// <summary>UTC; <see cref="DateTime.MaxValue"/> when the client set none.</summary>
    public DateTime Deadline => DeadlineCore;

    /// <summary>The client's metadata; reserved headers are left out.</summary>
    public Metadata RequestHeaders => RequestHeadersCore;

    /// <summary>Fires when the client has gone away or the deadline has passed.</summary>
    public CancellationToken CancellationToken => CancellationTokenCore;

    /// <summary>Metadata to send after the last message.</summary>
    public Metadata ResponseTrailers => ResponseTrailersCore;

    /// <summary>How the call ends when the handler returns without an exception.</summary>
    public Status Status
    {
        get => StatusCore;
        set => StatusCore = value;
    }

    /// <summary>Options of the next messages written.</summary>
    public WriteOptions? WriteOptions
    {
        get => WriteOptionsCore;
        set => WriteOptionsCore = value;
    }

    /// <summary>For interceptors to leave things for handlers.</summary>
    public IDictionary<object, object> UserState => UserStateCore;

    protected abstract string MethodCore { get; }

    protected abstract string HostCore { get; }

    protected abstract string PeerCore { get; }

    protected abstract DateTime DeadlineCore { get; }

    protected abstract Metadata RequestHeadersCore { get; }

    protected abstract CancellationToken CancellationTokenCore { get; }

    protected abstract Metadata ResponseTrailersCore { get; }

    protected abstract Status StatusCore { get; set; }

    protected abstract WriteOptions? WriteOptionsCore { get; set; }

    protected abstract IDictionary<object, object> UserStateCore { get; }

    /// <summary>Sends response headers ahead of the first message. At most once, and not after a message.</summary>
    public Task WriteResponseHeadersAsync(Metadata responseHeaders) => WriteResponseHeadersAsyncCore(responseHeaders);

    protected abstract Task WriteResponseHeadersAsyncCore(Metadata responseHeaders);
}
