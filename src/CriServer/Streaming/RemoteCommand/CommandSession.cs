using CriShim.CriServer.Streaming.Channels;
using CriShim.CriServer.Streaming.Sessions;
using CriShim.CriServer.Streaming.Targets;

namespace CriShim.CriServer.Streaming.RemoteCommand;

/// <summary>One exec or attach with its client, whatever carries the client's streams.</summary>
/// <param name="drain">An ended command's output is taken for ended when it pauses for so long: children may hold it open.</param>
internal sealed class CommandSession(IContainerStreams containers, CommandRequest request, CommandProtocol protocol, TimeSpan drain, TimeProvider time)
{
    /// <summary>For the terminal's first size, once the client's other streams are there; the command starts without it then.</summary>
    private static readonly TimeSpan s_firstSizeLimit = TimeSpan.FromMilliseconds(300);

    /// <summary>Runs until everything is sent: output, then the status.</summary>
    /// <param name="clientGone">Ends the session: the process is let go.</param>
    /// <exception cref="IOException">The client is gone.</exception>
    /// <exception cref="OperationCanceledException">Likewise.</exception>
    public async Task RunAsync(CommandChannels channels, CancellationToken clientGone)
    {
        CommandStatus status;
        try
        {
            status = CommandStatus.Exited(await RunProcessAsync(channels, clientGone));
        }
        catch (Exception e) when (!clientGone.IsCancellationRequested)
        {
            status = CommandStatus.Failed(e.Message);
        }

        await CompleteAsync(channels.Stdout);
        await CompleteAsync(channels.Stderr);
        if (status.ToBytes(protocol.HasStatus) is { Length: > 0 } text)
        {
            await channels.Error.SendTextAsync(text, clientGone);
        }

        await channels.Error.CompleteAsync();
    }

    private async Task<int> RunProcessAsync(CommandChannels channels, CancellationToken clientGone)
    {
        // 1. The process, with its terminal's size where that is known
        var sizes = new TerminalSizeFeed();
        TerminalSize? first = null;
        if (request.Tty && protocol.HasSizes)
        {
            _ = sizes.RunAsync(channels.Resize, clientGone);
            first = await sizes.FirstAsync(s_firstSizeLimit, time, clientGone);
        }

        await using var process = await StartAsync(first, clientGone);

        // 2. Its input and its terminal, which nobody waits for
        _ = ForwardInputAsync(process, channels.Stdin, clientGone);
        _ = sizes.ForwardAsync(process, clientGone);

        // 3. Its output and its end
        using var endOfOutput = CancellationTokenSource.CreateLinkedTokenSource(clientGone);
        var copies = OutputsOf(process, channels).ToList();
        var output = Task.WhenAll(copies.Select(copy => CopyAsync(copy, endOfOutput, clientGone)));
        if (await Task.WhenAny(output, process.Exit) == output)
        {
            await output;
        }

        await Task.WhenAny(process.Exit, Task.Delay(Timeout.Infinite, clientGone));

        // 4. What is left of the output
        await DrainAsync(copies, output, endOfOutput, clientGone);
        await output;
        clientGone.ThrowIfCancellationRequested();
        return await process.Exit;
    }

    private Task<StreamedProcess> StartAsync(TerminalSize? size, CancellationToken cancellationToken) => request.IsAttach
        ? containers.AttachAsync(
            request.ContainerId, new AttachStreamRequest(request.Stdin, request.Stdout, request.Stderr, size), cancellationToken)
        : containers.ExecAsync(
            request.ContainerId,
            new ExecStreamRequest(request.Command, request.Tty, request.Stdin, request.Stdout, request.Stderr, size),
            cancellationToken);

    private static IEnumerable<OutputCopy> OutputsOf(StreamedProcess process, CommandChannels channels)
    {
        if (process.Stdout is { } stdout && channels.Stdout is { } stdoutChannel)
        {
            yield return new OutputCopy(stdout, stdoutChannel);
        }

        if (process.Stderr is { } stderr && channels.Stderr is { } stderrChannel)
        {
            yield return new OutputCopy(stderr, stderrChannel);
        }
    }

    /// <summary>A client that no longer takes one output is gone: the other one ends too.</summary>
    private static async Task CopyAsync(OutputCopy copy, CancellationTokenSource endOfOutput, CancellationToken clientGone)
    {
        try
        {
            await copy.RunAsync(endOfOutput.Token, clientGone);
        }
        catch
        {
            await endOfOutput.CancelAsync();
            throw;
        }
    }

    private async Task DrainAsync(
        List<OutputCopy> copies, Task output, CancellationTokenSource endOfOutput, CancellationToken clientGone)
    {
        while (!output.IsCompleted)
        {
            var before = copies.Sum(copy => copy.Pieces);
            await Task.WhenAny(output, Task.Delay(drain, time, clientGone));
            clientGone.ThrowIfCancellationRequested();
            if (!copies.Exists(copy => copy.IsSending) && copies.Sum(copy => copy.Pieces) == before)
            {
                await endOfOutput.CancelAsync();
                await output;
            }
        }
    }

    /// <summary>Copies the client's input, and goes on reading when the process no longer does: other streams come after it.</summary>
    private static async Task ForwardInputAsync(StreamedProcess process, IInputChannel? channel, CancellationToken clientGone)
    {
        if (channel is null || process.Stdin is not { } stdin)
        {
            return;
        }

        try
        {
            await using (stdin)
            {
                await InputCopy.RunAsync(channel, stdin, clientGone);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            await DiscardAsync(channel, clientGone);
        }
    }

    private static async Task DiscardAsync(IInputChannel channel, CancellationToken clientGone)
    {
        try
        {
            if (channel is IOutputChannel output)
            {
                await output.CompleteAsync(); // the client sees that its input is no longer wanted
            }

            await InputCopy.RunAsync(channel, Stream.Null, clientGone);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client is gone.
        }
    }

    private static ValueTask CompleteAsync(IOutputChannel? channel) => channel?.CompleteAsync() ?? ValueTask.CompletedTask;
}
