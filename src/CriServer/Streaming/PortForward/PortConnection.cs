using System.Net.Sockets;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Streaming.Channels;
using CriShim.CriServer.Streaming.Targets;
using CriShim.Linux;

namespace CriShim.CriServer.Streaming.PortForward;

/// <summary>One forwarded connection: from a client's channels to a port of a pod.</summary>
/// <param name="reset">Drops the client's data channel, where the protocol can.</param>
internal sealed class PortConnection(IPodDialer dialer, string sandboxId, ushort port, IInputChannel input, IOutputChannel output, IOutputChannel error, Action reset)
{
    /// <summary>Runs until both directions have ended. Nothing that happens here ends another connection.</summary>
    public async Task RunAsync(CancellationToken clientGone)
    {
        try
        {
            if (await ConnectAsync(clientGone) is { } remote)
            {
                await using (remote)
                {
                    await CopyAsync(remote, clientGone);
                }
            }

            await error.CompleteAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client is gone.
        }
    }

    /// <returns>Null when it could not be made; the client has been told.</returns>
    private async Task<Stream?> ConnectAsync(CancellationToken clientGone)
    {
        try
        {
            return await dialer.ConnectAsync(sandboxId, port, clientGone);
        }
        catch (Exception e) when (e is CriException or LinuxException or SocketException)
        {
            await error.SendTextAsync($"failed to forward port {port} of sandbox \"{sandboxId}\": {e.Message}", clientGone);
        }
        catch (IOException)
        {
            // The pod has reset it already: not a word, as in CopyAsync.
        }

        await error.CompleteAsync();
        reset();
        return null;
    }

    /// <summary>
    /// Copies both ways until both have ended. When the pod resets the connection, so do we: a message would be taken for the failure of
    /// the whole session by the usual clients.
    /// </summary>
    private async Task CopyAsync(Stream remote, CancellationToken clientGone)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(clientGone);
        var toPod = GuardAsync(ToPodAsync(remote, ended.Token));
        var toClient = GuardAsync(ToClientAsync(remote, ended.Token));
        await Task.WhenAll(toPod, toClient);

        async Task GuardAsync(Task copy)
        {
            try
            {
                await copy;
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                reset();
                await ended.CancelAsync();
            }
        }
    }

    private async Task ToPodAsync(Stream remote, CancellationToken cancellationToken)
    {
        await InputCopy.RunAsync(input, remote, cancellationToken);
        if (remote is NetworkStream network)
        {
            network.Socket.Shutdown(SocketShutdown.Send);
        }
    }

    private async Task ToClientAsync(Stream remote, CancellationToken cancellationToken)
    {
        await new OutputCopy(remote, output).RunAsync(cancellationToken, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        await output.CompleteAsync();
    }
}
