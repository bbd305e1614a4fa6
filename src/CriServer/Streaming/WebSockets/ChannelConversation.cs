using System.Net.WebSockets;
using CriShim.CriServer.Streaming.Sessions;

namespace CriShim.CriServer.Streaming.WebSockets;

/// <summary>What is said over channels from the upgrade to the close, while their messages are read beside it.</summary>
internal static class ChannelConversation
{
    /// <param name="body">What is to be said; its token ends when the client has.</param>
    /// <returns>What the client did wrong; null: nothing.</returns>
    public static async Task<string?> RunAsync(ChannelSocket channels, Func<CancellationToken, Task> body, TimeProvider time, CancellationToken gone)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(gone);
        var reading = ReadAsync(channels, ended);
        try
        {
            await body(ended.Token);
            await channels.CloseAsync();
            await SessionLimits.LingerAsync(reading, time);
        }
        catch (Exception e) when (e is IOException or WebSocketException or OperationCanceledException)
        {
            // The client is gone.
        }
        finally
        {
            await ended.CancelAsync();
            await reading;
        }

        return await reading;
    }

    private static async Task<string?> ReadAsync(ChannelSocket channels, CancellationTokenSource ended)
    {
        var wrong = await channels.RunAsync(ended.Token);
        await ended.CancelAsync();
        return wrong;
    }
}
