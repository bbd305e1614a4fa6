using CriShim.CriServer.Errors;
using CriShim.CriServer.Streaming.Targets;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Containers.Streams;

/// <summary>A client at a container's own streams: pipes from and to its supervisor. Closing them is leaving.</summary>
internal sealed class StreamedAttachment : StreamedProcess
{
    private readonly string _containerId;
    private readonly LiveContainers _live;
    private readonly StreamPipes _pipes;
    private readonly CancellationTokenSource _left = new();

    /// <param name="exitCode">Of the container, once it has ended.</param>
    public StreamedAttachment(string containerId, LiveContainers live, StreamPipes pipes, Task<AttachEndedEvent> ended, Func<int> exitCode)
    {
        _containerId = containerId;
        _live = live;
        _pipes = pipes;
        Exit = ExitAsync(ended, exitCode);
    }

    public override Stream? Stdin => _pipes.Stdin;

    public override Stream? Stdout => _pipes.Stdout;

    public override Stream? Stderr => _pipes.Stderr;

    public override Task<int> Exit { get; }

    public override async ValueTask ResizeAsync(TerminalSize size)
    {
        try
        {
            await (_live.Find(_containerId)?.ResizeAsync(size.Rows, size.Columns, CancellationToken.None) ?? Task.CompletedTask);
        }
        catch (RuntimeException)
        {
            // It has ended.
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _pipes.Dispose();
        await _left.CancelAsync();
    }

    /// <summary>Nothing of a client that has left stays in the container's memory here.</summary>
    private async Task<int> ExitAsync(Task<AttachEndedEvent> ended, Func<int> exitCode)
    {
        var containerEnded = _live.EndedAsync(_containerId);
        var first = await Task.WhenAny(containerEnded, ended).WaitAsync(_left.Token);
        if (first == ended && (await ended).Error is { } error)
        {
            throw new CriException(CriErrorKind.ResourceExhausted, $"failed to attach to container \"{_containerId}\": {error}");
        }

        await containerEnded.WaitAsync(_left.Token);
        return exitCode();
    }
}
