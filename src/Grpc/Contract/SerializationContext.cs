using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a marshaller puts a message: either whole, or by the buffer writer and then <see cref="Complete()"/>.</summary>
public abstract class SerializationContext
{
    /// <summary>Hands over a whole message.</summary>
    public virtual void Complete(byte[] payload) => throw new NotSupportedException();

    /// <summary>Where to write the message.</summary>
    public virtual IBufferWriter<byte> GetBufferWriter() => throw new NotSupportedException();

    /// <summary>Size of the message in bytes; to be set before the first write when it is known.</summary>
    public virtual void SetPayloadLength(int payloadLength)
    {
    }

    /// <summary>Ends a message written by the buffer writer.</summary>
    public virtual void Complete() => throw new NotSupportedException();
}
