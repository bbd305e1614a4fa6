using CriShim.GrpcServer.Hosting;
using CriShim.GrpcServer.Wire;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CriShim.GrpcServer.Calls;

/// <summary>Serves the calls of one method: checks the request, runs the handler, and turns what comes out into a status.</summary>
/// <param name="method">"/package.Service/Method".</param>
internal abstract class CallHandler(string method, GrpcServerOptions options, ILogger logger)
{
    public string Method { get; } = method;

    public async Task HandleAsync(HttpContext http)
    {
        if (!IsGrpcRequest(http))
        {
            return;
        }

        http.Response.ContentType = GrpcProtocol.ContentType;
        using var call = new HttpServerCallContext(http, Method, options);
        try
        {
            await InvokeAsync(call.Begin(), call);
            call.End();
        }
        catch (Exception exception)
        {
            if (call.Fail(exception))
            {
                GrpcLog.HandlerFailed(logger, exception, Method);
            }
            else
            {
                GrpcLog.CallEnded(logger, Method, call.Status.StatusCode, call.Status.Detail);
            }
        }
    }

    /// <summary>Reads the request, runs the handler, writes what it returns. A status other than OK may be thrown or set.</summary>
    protected abstract Task InvokeAsync(MessageReader request, HttpServerCallContext call);

    /// <summary>What is no gRPC at all is answered in plain HTTP.</summary>
    private static bool IsGrpcRequest(HttpContext http)
    {
        if (!HttpProtocol.IsHttp2(http.Request.Protocol))
        {
            http.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            http.Response.Headers.Upgrade = HttpProtocol.Http2;
            return false;
        }

        if (!HttpMethods.IsPost(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = HttpMethods.Post;
            return false;
        }

        if (!GrpcProtocol.IsContentType(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return false;
        }

        return true;
    }
}
