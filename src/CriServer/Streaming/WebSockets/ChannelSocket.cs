using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Net.WebSockets;

namespace CriShim.CriServer.Streaming.WebSockets;

/// <summary>
/// Several channels on one WebSocket, as Kubernetes does it: each message begins with its channel's number, a byte in binary messages, a
/// digit in text messages whose rest is base64.
/// </summary>
internal sealed class ChannelSocket : IDisposable
{
    /// <summary>Version 5: the message 255, N is the end of channel N.</summary>
    private const byte CloseSignal = 255;

    /// <summary>Text messages are decoded whole; clients send pieces of 32 KiB.</summary>
    private const int MaxTextBytes = 1024 * 1024;

    /// <summary>Received and not yet consumed on one channel: beyond, the WebSocket is not read.</summary>
    private const int MaxBufferedBytes = 256 * 1024;

    private readonly WebSocket _socket;
    private readonly bool _isBase64;
    private readonly bool _hasCloseSignal;
    private readonly SocketChannel[] _channels;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly byte[] _buffer = new byte[64 * 1024];

    public ChannelSocket(WebSocket socket, bool isBase64, bool hasCloseSignal, IReadOnlyList<ChannelMode> channels)
    {
        _socket = socket;
        _isBase64 = isBase64;
        _hasCloseSignal = hasCloseSignal;
        var options = new PipeOptions(
            pauseWriterThreshold: MaxBufferedBytes, resumeWriterThreshold: MaxBufferedBytes / 2, useSynchronizationContext: false);
        _channels = [.. channels.Select((mode, number) => new SocketChannel(this, (byte)number, mode, options))];
    }

    public SocketChannel this[int number] => _channels[number];

    public void Dispose() => _sending.Dispose();

    /// <summary>Reads until the client leaves or breaks the protocol.</summary>
    /// <returns>What it did wrong; null when nothing.</returns>
    public async Task<string?> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var wrong = _isBase64 ? await ReadTextAsync(cancellationToken) : await ReadBinaryAsync(cancellationToken);
            if (wrong is not null)
            {
                await CloseAsync(WebSocketCloseStatus.ProtocolError);
            }

            return wrong;
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            return null;
        }
        finally
        {
            foreach (var channel in _channels)
            {
                channel.End(new IOException("connection has ended"));
            }
        }
    }

    /// <summary>Says that all is done; the client closes the connection then.</summary>
    public async Task CloseAsync(WebSocketCloseStatus status = WebSocketCloseStatus.NormalClosure)
    {
        try
        {
            await _sending.WaitAsync();
            try
            {
                using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
                await _socket.CloseOutputAsync(status, null, limit.Token);
            }
            finally
            {
                _sending.Release();
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has left before.
        }
    }

    /// <param name="framed">Its last byte of headroom becomes the channel's number.</param>
    internal async ValueTask SendAsync(byte channel, Memory<byte> framed, int headroom, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            if (_isBase64)
            {
                await SendTextAsync(channel, framed[headroom..], cancellationToken);
                return;
            }

            framed.Span[headroom - 1] = channel;
            await _socket.SendAsync(framed[(headroom - 1)..], WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }
        catch (WebSocketException e)
        {
            throw new IOException("connection has ended", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async ValueTask SendTextAsync(byte channel, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var text = ArrayPool<byte>.Shared.Rent(1 + Base64.GetMaxEncodedToUtf8Length(content.Length));
        try
        {
            text[0] = (byte)('0' + channel);
            Base64.EncodeToUtf8(content.Span, text.AsSpan(1), out _, out var length);
            await _socket.SendAsync(text.AsMemory(0, 1 + length), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    /// <summary>Passes messages on piece by piece, whatever their size.</summary>
    private async Task<string?> ReadBinaryAsync(CancellationToken cancellationToken)
    {
        int? channel = null;
        while (true)
        {
            var piece = await _socket.ReceiveAsync(_buffer.AsMemory(), cancellationToken);
            if (piece.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            var content = _buffer.AsMemory(0, piece.Count);
            if (channel is null && piece.Count > 0)
            {
                channel = _buffer[0];
                content = content[1..];
                if (_hasCloseSignal && channel == CloseSignal)
                {
                    if (!piece.EndOfMessage || piece.Count != 2 || _buffer[1] >= _channels.Length)
                    {
                        return "malformed close signal";
                    }

                    _channels[_buffer[1]].EndInput();
                    content = default;
                }
            }

            if (channel < _channels.Length)
            {
                await _channels[channel.Value].ReceivedAsync(content, cancellationToken);
            }

            channel = piece.EndOfMessage ? null : channel;
        }
    }

    private async Task<string?> ReadTextAsync(CancellationToken cancellationToken)
    {
        var message = new ArrayBufferWriter<byte>();
        while (true)
        {
            var piece = await _socket.ReceiveAsync(_buffer.AsMemory(), cancellationToken);
            if (piece.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(_buffer.AsSpan(0, piece.Count));
            if (message.WrittenCount > MaxTextBytes)
            {
                return $"message of more than {MaxTextBytes} bytes";
            }

            if (!piece.EndOfMessage)
            {
                continue;
            }

            if (message.WrittenCount > 0 && message.WrittenSpan[0] - '0' is var channel && channel >= 0 && channel < _channels.Length)
            {
                var content = new byte[Base64.GetMaxDecodedFromUtf8Length(message.WrittenCount)];
                if (Base64.DecodeFromUtf8(message.WrittenSpan[1..], content, out _, out var length) != OperationStatus.Done)
                {
                    return "message is not base64";
                }

                await _channels[channel].ReceivedAsync(content.AsMemory(0, length), cancellationToken);
            }

            message.ResetWrittenCount();
        }
    }
}
