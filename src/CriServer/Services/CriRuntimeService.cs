using Grpc.Core;

namespace CriShim.CriServer.Services;

/// <summary>The CRI's RuntimeService: each call is one line to one operation; <see cref="CriInterceptor"/> is around all of them. What is not overridden is Unimplemented.</summary>
internal sealed partial class CriRuntimeService(RuntimeOperations operations) : Cri.V1.RuntimeService.RuntimeServiceBase
{
    /// <summary>Items of one message of a streamed list: small enough to begin soon, large enough to be few.</summary>
    private const int StreamBatch = 100;

    private static async Task<TResponse> ReplyAsync<TResponse>(Task operation)
        where TResponse : new()
    {
        await operation;
        return new TResponse();
    }

    private static Task<TResponse> ReplyAsync<TResponse>(Action operation)
        where TResponse : new()
    {
        operation();
        return Task.FromResult(new TResponse());
    }

    private static async Task WriteAllAsync<TItem, TMessage>(
        IEnumerable<TItem> items, Func<TItem[], TMessage> toMessage, IServerStreamWriter<TMessage> writer)
    {
        foreach (var batch in items.Chunk(StreamBatch))
        {
            await writer.WriteAsync(toMessage(batch));
        }
    }
}
