using Grpc.Core;

namespace CriShim.CriServer.Services;

/// <summary>A list as a stream of messages; an empty one is a stream without any.</summary>
internal static class StreamedList
{
    /// <summary>Items of one message: small enough to begin soon, large enough to be few.</summary>
    private const int Batch = 100;

    public static async Task WriteAsync<TItem, TMessage>(
        IEnumerable<TItem> items, Func<TItem[], TMessage> toMessage, IServerStreamWriter<TMessage> writer)
    {
        foreach (var batch in items.Chunk(Batch))
        {
            await writer.WriteAsync(toMessage(batch));
        }
    }
}
