using System.Buffers;
using System.Buffers.Binary;
using CriShim.GrpcServer.Wire;
using Grpc.Core;

namespace CriShim.GrpcServer.Client;

/// <summary>One message in memory, in front of it the prefix that it has on the wire.</summary>
internal sealed class MessageBuffer : SerializationContext
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public override void Complete(byte[] payload) => _bytes.Write(payload);

    public override IBufferWriter<byte> GetBufferWriter() => _bytes;

    public override void Complete()
    {
    }

    public static byte[] Frame<T>(T message, Marshaller<T> marshaller)
    {
        var buffer = new MessageBuffer();
        marshaller.ContextualSerializer(message, buffer);
        var frame = new byte[GrpcProtocol.MessagePrefixBytes + buffer._bytes.WrittenCount];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), buffer._bytes.WrittenCount);
        buffer._bytes.WrittenSpan.CopyTo(frame.AsSpan(GrpcProtocol.MessagePrefixBytes));
        return frame;
    }
}

/// <summary>A received message.</summary>
internal sealed class ReceivedMessage(byte[] payload) : DeserializationContext
{
    public override int PayloadLength => payload.Length;

    public override byte[] PayloadAsNewBuffer() => payload;

    public override ReadOnlySequence<byte> PayloadAsReadOnlySequence() => new(payload);
}
