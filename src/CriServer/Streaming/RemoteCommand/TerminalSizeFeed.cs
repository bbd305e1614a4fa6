using System.Threading.Channels;
using CriShim.CriServer.Streaming.Channels;
using CriShim.CriServer.Streaming.Targets;

namespace CriShim.CriServer.Streaming.RemoteCommand;

/// <summary>The newest size of a client's terminal, from when the client tells the first one.</summary>
internal sealed class TerminalSizeFeed
{
    private readonly Channel<TerminalSize> _newest = Channel.CreateBounded<TerminalSize>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    /// <summary>Reads sizes until the client has no more.</summary>
    public async Task RunAsync(Task<IInputChannel> opened, CancellationToken cancellationToken)
    {
        try
        {
            var sizes = new TerminalSizes(await opened.WaitAsync(cancellationToken));
            while (await sizes.NextAsync(cancellationToken) is { } size)
            {
                _newest.Writer.TryWrite(size);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client is gone: who waits for sizes sees the end.
        }

        _newest.Writer.Complete();
    }

    /// <summary>Null when none comes within <paramref name="limit"/>.</summary>
    public async Task<TerminalSize?> FirstAsync(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var arrived = _newest.Reader.WaitToReadAsync(waiting.Token).AsTask();
        await Task.WhenAny(arrived, Task.Delay(limit, time, waiting.Token));
        await waiting.CancelAsync();
        return _newest.Reader.TryRead(out var size) ? size : null;
    }

    /// <summary>Gives every further size to the process.</summary>
    public async Task ForwardAsync(StreamedProcess process, CancellationToken cancellationToken)
    {
        await foreach (var size in _newest.Reader.ReadAllAsync(cancellationToken))
        {
            await process.ResizeAsync(size);
        }
    }
}
