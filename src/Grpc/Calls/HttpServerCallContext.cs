using System.Net;
using CriShim.GrpcServer.Hosting;
using CriShim.GrpcServer.Wire;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CriShim.GrpcServer.Calls;

/// <summary>A call as its handler sees it, on top of one HTTP/2 request.</summary>
internal sealed class HttpServerCallContext(HttpContext http, string method, GrpcServerOptions options) : ServerCallContext, IDisposable
{
    private readonly bool _compressResponses =
        options.CompressResponses && GrpcProtocol.AcceptsGzip(http.Request.Headers.GrpcAcceptEncoding);

    private CallDeadline? _deadline;
    private Metadata? _requestHeaders;
    private Metadata? _responseTrailers;
    private Dictionary<object, object>? _userState;

    protected override string MethodCore => method;

    protected override string HostCore => http.Request.Host.Value ?? "";

    protected override string PeerCore => http.Connection switch
    {
        { RemoteIpAddress: null } => "unix:",
        { RemoteIpAddress: var address, RemotePort: var port } =>
            $"{(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? "ipv6" : "ipv4")}:{new IPEndPoint(address, port)}",
    };

    protected override DateTime DeadlineCore => _deadline?.Deadline ?? DateTime.MaxValue;

    protected override Metadata RequestHeadersCore => _requestHeaders ??= MetadataHeaders.Read(http.Request.Headers);

    protected override CancellationToken CancellationTokenCore => _deadline?.Token ?? http.RequestAborted;

    protected override Metadata ResponseTrailersCore => _responseTrailers ??= [];

    protected override Status StatusCore { get; set; } = Status.DefaultSuccess;

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override IDictionary<object, object> UserStateCore => _userState ??= [];

    /// <summary>Takes the call's settings from the request's headers.</summary>
    /// <returns>The one message of the request, yet to be read.</returns>
    /// <exception cref="RpcException">A header is wrong, or the deadline is over already.</exception>
    public MessageReader Begin()
    {
        _deadline = new CallDeadline(ReadTimeout(), http.RequestAborted);
        if (_deadline.HasPassed)
        {
            throw new RpcException(WireErrors.DeadlineExceeded);
        }

        var encoding = http.Request.Headers.GrpcEncoding;
        var gzip = encoding == GrpcProtocol.GzipEncoding;
        if (!gzip && encoding.Count > 0 && encoding != GrpcProtocol.IdentityEncoding)
        {
            http.Response.Headers.GrpcAcceptEncoding = GrpcProtocol.AcceptedEncodings;
            throw new RpcException(WireErrors.UnknownEncoding(encoding.ToString()));
        }

        return new MessageReader(http.Request.BodyReader, options.MaxReceiveMessageBytes, gzip);
    }

    /// <summary>Sends nothing yet, but from here on the response is one with messages: its status goes into trailers.</summary>
    public async ValueTask<MessageWriter> StartResponseAsync()
    {
        if (!http.Response.HasStarted)
        {
            if (_compressResponses)
            {
                http.Response.Headers.GrpcEncoding = GrpcProtocol.GzipEncoding;
            }

            await http.Response.StartAsync(CancellationToken);
        }

        return new MessageWriter(http.Response.BodyWriter, options.MaxSendMessageBytes, _compressResponses);
    }

    /// <summary>Ends the call: status and trailers after the messages, or as headers when there were none.</summary>
    public void End()
    {
        var headers = http.Response.HasStarted
            ? http.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers
            : http.Response.Headers;
        headers.GrpcStatus = GrpcProtocol.CodeText(Status.StatusCode);
        if (Status.Detail.Length > 0)
        {
            headers.GrpcMessage = PercentEncoding.Encode(Status.Detail);
        }

        if (_responseTrailers is not null)
        {
            MetadataHeaders.Write(_responseTrailers, headers);
        }
    }

    /// <summary>Ends the call with the status that an exception stands for.</summary>
    /// <returns>Whether the exception is a fault of the handler's, to be logged, and not a status or a cancelled call.</returns>
    public bool Fail(Exception exception)
    {
        var isFault = false;
        if (exception is RpcException rpc)
        {
            Status = rpc.Status;
            foreach (var entry in rpc.Trailers)
            {
                ResponseTrailers.Add(entry);
            }
        }
        else if (CancellationToken.IsCancellationRequested)
        {
            Status = _deadline is { HasPassed: true } ? WireErrors.DeadlineExceeded : WireErrors.Cancelled;
        }
        else
        {
            Status = new Status(StatusCode.Unknown, exception.Message);
            isFault = true;
        }

        if (http.RequestAborted.IsCancellationRequested)
        {
            return isFault;
        }

        End();
        return isFault;
    }

    public void Dispose() => _deadline?.Dispose();

    protected override async Task WriteResponseHeadersAsyncCore(Metadata responseHeaders)
    {
        if (http.Response.HasStarted)
        {
            throw new InvalidOperationException("response headers were sent already");
        }

        MetadataHeaders.Write(responseHeaders, http.Response.Headers);
        await StartResponseAsync();
        await http.Response.BodyWriter.FlushAsync(CancellationToken);
    }

    private TimeSpan? ReadTimeout()
    {
        var header = http.Request.Headers.GrpcTimeout;
        if (header.Count == 0)
        {
            return null;
        }

        return GrpcTimeout.TryParse(header.ToString(), out var timeout)
            ? timeout
            : throw new RpcException(WireErrors.BadTimeout(header.ToString()));
    }
}
