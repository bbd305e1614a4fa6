using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;

namespace CriShim.GrpcServer.Wire;

/// <summary>Reads the one message of a request and hands it to its deserializer without a copy, where it is not compressed.</summary>
/// <param name="limitBytes">Larger messages are refused before they are read.</param>
/// <param name="gzip">The request's grpc-encoding is gzip.</param>
internal sealed class MessageReader(PipeReader body, int limitBytes, bool gzip) : DeserializationContext
{
    private ReadOnlySequence<byte> _payload;

    public override int PayloadLength => (int)_payload.Length;

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => _payload;

    /// <summary>The message, once the client has sent all of it and has closed its side.</summary>
    /// <exception cref="RpcException">Not exactly one well-formed message, too large, or the client has gone.</exception>
    public async ValueTask<T> ReadSingleAsync<T>(Marshaller<T> marshaller, CancellationToken cancellationToken)
    {
        try
        {
            var result = await body.ReadAtLeastAsync(GrpcProtocol.MessagePrefixBytes, cancellationToken);
            var (compressed, length) = ReadPrefix(result.Buffer);
            var end = GrpcProtocol.MessagePrefixBytes + length;
            if (result.Buffer.Length < end && !result.IsCompleted)
            {
                body.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                result = await body.ReadAtLeastAsync(end, cancellationToken);
            }

            if (result.Buffer.Length < end)
            {
                throw new RpcException(WireErrors.TruncatedMessage);
            }

            var message = Deserialize(result.Buffer.Slice(GrpcProtocol.MessagePrefixBytes, length), compressed, marshaller);
            body.AdvanceTo(result.Buffer.GetPosition(end));
            if (result.Buffer.Length > end || (!result.IsCompleted && await HasMoreAsync(cancellationToken)))
            {
                throw new RpcException(WireErrors.SeveralMessages);
            }

            return message;
        }
        catch (IOException)
        {
            // Kestrel's word for a reset of the stream or the end of its connection.
            throw new RpcException(WireErrors.RequestReset);
        }
    }

    private (bool Compressed, int LengthBytes) ReadPrefix(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.Length < GrpcProtocol.MessagePrefixBytes)
        {
            throw new RpcException(buffer.IsEmpty ? WireErrors.NoMessage : WireErrors.TruncatedMessage);
        }

        Span<byte> prefix = stackalloc byte[GrpcProtocol.MessagePrefixBytes];
        buffer.Slice(0, GrpcProtocol.MessagePrefixBytes).CopyTo(prefix);
        if (prefix[0] > 1)
        {
            throw new RpcException(WireErrors.BadCompressedFlag);
        }

        if (prefix[0] == 1 && !gzip)
        {
            throw new RpcException(WireErrors.UnexpectedCompression);
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        return length > limitBytes
            ? throw new RpcException(WireErrors.RequestTooLarge(length, limitBytes))
            : (prefix[0] == 1, (int)length);
    }

    private T Deserialize<T>(in ReadOnlySequence<byte> payload, bool compressed, Marshaller<T> marshaller)
    {
        using var decompressed = compressed ? Gzip.Decompress(payload, limitBytes) : null;
        _payload = decompressed is null ? payload : new ReadOnlySequence<byte>(decompressed.Written);
        try
        {
            return marshaller.ContextualDeserializer(this);
        }
        catch (Exception exception) when (exception is not RpcException)
        {
            throw new RpcException(WireErrors.BadRequestMessage(exception.Message));
        }
        finally
        {
            _payload = default;
        }
    }

    private async ValueTask<bool> HasMoreAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await body.ReadAsync(cancellationToken);
            var more = !result.Buffer.IsEmpty;
            body.AdvanceTo(result.Buffer.End);
            if (more || result.IsCompleted)
            {
                return more;
            }
        }
    }
}
