using System.Collections.Concurrent;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.RuntimeClient;

/// <summary>
/// Requests and their replies over one control connection, matched by sequence number; events beside them. A request that is given up
/// leaves its reply to be dropped. After the connection has ended every request fails as Unavailable.
/// </summary>
internal sealed class ControlConnection : IDisposable
{
    private static readonly TimeSpan s_fullQueueDelay = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<long, TaskCompletionSource<Reply>> _waiting = new();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ControlChannel _channel;
    private readonly IoLoop _io;
    private readonly Action<ControlMessage> _onEvent;
    private long _sequence;
    private bool _disposed;

    /// <param name="onEvent">Called on the loop's thread, in order, before <see cref="Closed"/> ends.</param>
    public ControlConnection(ControlChannel channel, IoLoop io, Action<ControlMessage> onEvent)
    {
        _channel = channel;
        _io = io;
        _onEvent = onEvent;
        io.Post(() => io.Loop.Add(channel.Handle, EpollEvents.Read, OnReadable));
    }

    /// <summary>A reply with the descriptors beside it, which are the receiver's.</summary>
    internal sealed record Reply(ControlMessage Message, IReadOnlyList<SafeFileHandle> Fds);

    /// <summary>Ends when the peer is gone or the connection is disposed.</summary>
    public Task Closed => _closed.Task;

    /// <exception cref="RuntimeException">The peer answered with an error, or is gone.</exception>
    public async Task<Reply> CallAsync(ControlMessage request, SafeFileHandle[] fds, CancellationToken cancellationToken)
    {
        var sequence = Interlocked.Increment(ref _sequence);
        var waiting = new TaskCompletionSource<Reply>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[sequence] = waiting;
        try
        {
            await SendAsync(ControlCodec.Encode(request with { Sequence = sequence }), fds, cancellationToken);
            if (_closed.Task.IsCompleted)
            {
                waiting.TrySetException(Gone());
            }

            var reply = await waiting.Task.WaitAsync(cancellationToken);
            return reply.Message is ErrorReply error ? throw new RuntimeException(error.Error) : reply;
        }
        finally
        {
            _waiting.TryRemove(sequence, out _);
        }
    }

    /// <summary>Sends what has no reply; nothing when the peer is gone.</summary>
    public async Task PostAsync(ControlMessage message)
    {
        try
        {
            await SendAsync(ControlCodec.Encode(message with { Sequence = Interlocked.Increment(ref _sequence) }), [], CancellationToken.None);
        }
        catch (RuntimeException)
        {
            // Gone: whoever waits for it is told.
        }
    }

    public void Dispose() => _io.Post(Close);

    private async Task SendAsync(byte[] message, SafeFileHandle[] fds, CancellationToken cancellationToken)
    {
        try
        {
            while (!_channel.Send(message, fds, wait: false))
            {
                await Task.Delay(s_fullQueueDelay, cancellationToken);
            }
        }
        catch (Exception e) when (e is LinuxException { Errno: Errno.EPIPE or Errno.ECONNRESET or Errno.ENOTCONN } or ObjectDisposedException)
        {
            throw Gone(e);
        }
    }

    private void OnReadable(EpollEvents events)
    {
        try
        {
            while (!_disposed && _channel.Receive(wait: false) is { } packet)
            {
                if (packet.IsEnd)
                {
                    Close();
                    return;
                }

                Dispatch(packet);
            }
        }
        catch (Exception e) when (e is LinuxException or RuntimeException)
        {
            // A peer that breaks the protocol is a peer that is gone.
            Close();
        }
    }

    private void Dispatch(Packet packet)
    {
        var message = ControlCodec.Decode(packet.Bytes);
        if (message.Sequence == 0)
        {
            packet.Dispose();
            _onEvent(message);
        }
        else if (!_waiting.TryRemove(message.Sequence, out var waiting) || !waiting.TrySetResult(new Reply(message, packet.Fds)))
        {
            packet.Dispose();
        }
    }

    private void Close()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _io.Loop.Remove(_channel.Handle);
        _channel.Dispose();
        _closed.TrySetResult();
        foreach (var (_, waiting) in _waiting)
        {
            waiting.TrySetException(Gone());
        }
    }

    private static RuntimeException Gone(Exception? cause = null) =>
        new(RuntimeErrorKind.Unavailable, "the container's supervisor is gone", cause);
}
