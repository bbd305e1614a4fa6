using System.Diagnostics;
using CriShim.CriServer.Errors;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Services;

/// <summary>What happens around every call: wait until recovery is done, run, log with the caller's trace id and the time taken, map errors.</summary>
/// <param name="recovered">Ends when the records of an earlier life are read: until then a list would be short of live containers.</param>
internal sealed class CriInterceptor(Task recovered, TimeProvider time, ILogger<CriInterceptor> log) : Interceptor
{
    private const string TraceParent = "traceparent";

    /// <summary>The timer that fires a call's token may be this much ahead of the clock: still the deadline, not a client that left.</summary>
    private static readonly TimeSpan s_timerSlack = TimeSpan.FromMilliseconds(20);

    /// <summary>Answered during recovery too: clients ask these when they connect, and none tells of pods.</summary>
    private static readonly HashSet<string> s_early = ["Version", "Status", "RuntimeConfig", "ImageFsInfo"];

    /// <summary>Asked every few seconds by kubelet.</summary>
    private static readonly HashSet<string> s_polled = ["Version", "Status", "ImageFsInfo", "ImageStatus", "ContainerStatus", "PodSandboxStatus"];

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        RunAsync(context, () => continuation(request, context));

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        RunAsync(context, async () =>
        {
            await continuation(request, responseStream, context);
            return true;
        });

    private async Task<TResult> RunAsync<TResult>(ServerCallContext context, Func<Task<TResult>> operation)
    {
        var call = new Call(context.Method[(context.Method.LastIndexOf('/') + 1)..], time.GetTimestamp());
        try
        {
            if (!recovered.IsCompleted && !s_early.Contains(call.Method))
            {
                await recovered.WaitAsync(context.CancellationToken);
            }

            var result = await operation();
            LogSuccess(call, context);
            return result;
        }
        catch (Exception e)
        {
            var status = StatusMapper.ToStatus(e, context.Deadline - s_timerSlack <= time.GetUtcNow().UtcDateTime);
            LogFailure(call, context, status, e);
            throw new RpcException(status);
        }
    }

    private void LogSuccess(Call call, ServerCallContext context)
    {
        var polled = s_polled.Contains(call.Method) || call.Method.StartsWith("List", StringComparison.Ordinal);
        var level = polled ? LogLevel.Debug : LogLevel.Information;
        if (log.IsEnabled(level))
        {
            var milliseconds = time.GetElapsedTime(call.Started).TotalMilliseconds;
            var trace = TraceId(context);
            ServicesLog.CallSucceeded(log, level, call.Method, trace, milliseconds);
        }
    }

    private void LogFailure(Call call, ServerCallContext context, Status status, Exception error)
    {
        var level = status.StatusCode is StatusCode.Unimplemented or StatusCode.NotFound ? LogLevel.Debug : LogLevel.Warning;
        if (log.IsEnabled(level))
        {
            var unexpected = status.StatusCode == StatusCode.Unknown && error is not CriException ? error : null;
            var milliseconds = time.GetElapsedTime(call.Started).TotalMilliseconds;
            var trace = TraceId(context);
            ServicesLog.CallFailed(log, level, call.Method, trace, milliseconds, status.StatusCode, status.Detail, unexpected);
        }
    }

    /// <summary>The caller's trace id (W3C trace context: version-traceid-parent-flags), else one of our own.</summary>
    private static string TraceId(ServerCallContext context)
    {
        var header = context.RequestHeaders.FirstOrDefault(h => h.Key == TraceParent)?.Value;
        return header?.Split('-') is [_, { Length: 32 } trace, ..] ? trace : ActivityTraceId.CreateRandom().ToHexString();
    }

    private readonly record struct Call(string Method, long Started);
}
