using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Grpc.Core;

namespace CriShim.GrpcServer.Wire;

/// <summary>
/// Writes messages. A small one of known length goes from its serializer straight into the connection's buffers. A large one goes
/// through a pooled array and then in pieces, each of which waits for the client: Kestrel never gives back the memory that its
/// buffers have once grown to.
/// </summary>
/// <param name="limitBytes">Larger messages are refused.</param>
/// <param name="gzip">Compress messages.</param>
[SuppressMessage("Design", "CA1001", Justification = "the buffer goes back to its pool at the end of each write")]
internal sealed class MessageWriter(PipeWriter body, int limitBytes, bool gzip) : SerializationContext, IBufferWriter<byte>
{
    private const int LargeBytes = 32 * 1024;

    private PooledBuffer? _buffer;
    private int _declaredBytes = -1;
    private int _directBytes;
    private bool _direct;
    private bool _completed;

    /// <summary>Writes one message. Without <paramref name="flush"/> a small one waits for what follows it.</summary>
    /// <param name="compress">False leaves this message as it is in a compressed stream.</param>
    /// <exception cref="RpcException">Larger than the limit.</exception>
    public async ValueTask WriteAsync<T>(
        T message, Marshaller<T> marshaller, bool flush, bool compress, CancellationToken cancellationToken)
    {
        try
        {
            Serialize(message, marshaller);
            if (_buffer is not null)
            {
                await WriteBufferedAsync(gzip && compress, cancellationToken);
            }

            if (flush)
            {
                await FlushAsync(cancellationToken);
            }
        }
        finally
        {
            _buffer?.Dispose();
            _buffer = null;
        }
    }

    public override void SetPayloadLength(int payloadLength)
    {
        ThrowIfTooLarge(payloadLength);
        _declaredBytes = payloadLength;
    }

    public override IBufferWriter<byte> GetBufferWriter()
    {
        if (_buffer is null && !_direct)
        {
            _direct = !gzip && _declaredBytes is >= 0 and <= LargeBytes;
            if (_direct)
            {
                WritePrefix(compressed: false, _declaredBytes);
            }
            else
            {
                _buffer = new PooledBuffer(Math.Max(_declaredBytes, 0));
            }
        }

        return this;
    }

    public override void Complete(byte[] payload)
    {
        SetPayloadLength(payload.Length);
        GetBufferWriter().Write(payload);
        Complete();
    }

    public override void Complete()
    {
        GetBufferWriter();
        _completed = true;
    }

    public void Advance(int count)
    {
        if (_buffer is null)
        {
            body.Advance(count);
            _directBytes += count;
            return;
        }

        _buffer.Advance(count);
        ThrowIfTooLarge(_buffer.WrittenBytes);
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => _buffer?.GetMemory(sizeHint) ?? body.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => _buffer is null ? body.GetSpan(sizeHint) : _buffer.GetSpan(sizeHint);

    private void Serialize<T>(T message, Marshaller<T> marshaller)
    {
        _declaredBytes = -1;
        _directBytes = 0;
        _direct = false;
        _completed = false;
        marshaller.ContextualSerializer(message, this);
        if (!_completed || (_direct && _directBytes != _declaredBytes))
        {
            throw new InvalidOperationException(
                $"serializer wrote {_directBytes} bytes of {_declaredBytes} or did not complete the message");
        }
    }

    private async ValueTask WriteBufferedAsync(bool compress, CancellationToken cancellationToken)
    {
        using var compressed = compress ? Gzip.Compress(_buffer!.Written.Span) : null;
        var payload = (compressed ?? _buffer!).Written;
        WritePrefix(compress, payload.Length);
        for (; payload.Length > LargeBytes; payload = payload[LargeBytes..])
        {
            body.Write(payload.Span[..LargeBytes]);
            await FlushAsync(cancellationToken);
        }

        body.Write(payload.Span);
    }

    private async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await body.FlushAsync(cancellationToken);

        // A flush to a client that has gone succeeds.
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void WritePrefix(bool compressed, int lengthBytes)
    {
        var prefix = body.GetSpan(GrpcProtocol.MessagePrefixBytes);
        prefix[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32BigEndian(prefix[1..], (uint)lengthBytes);
        body.Advance(GrpcProtocol.MessagePrefixBytes);
    }

    private void ThrowIfTooLarge(int bytes)
    {
        if (bytes > limitBytes)
        {
            throw new RpcException(WireErrors.ResponseTooLarge(bytes, limitBytes));
        }
    }
}
