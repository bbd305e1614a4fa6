using System.Buffers;

namespace Grpc.Core;

/// <summary>Where a marshaller finds a message.</summary>
public abstract class DeserializationContext
{
    /// <summary>In bytes.</summary>
    public abstract int PayloadLength { get; }

    /// <summary>A copy of the message.</summary>
    public virtual byte[] PayloadAsNewBuffer() => PayloadAsReadOnlySequence().ToArray();

    /// <summary>The message in the connection's own buffers, valid only until the deserializer returns.</summary>
    public virtual ReadOnlySequence<byte> PayloadAsReadOnlySequence() => throw new NotSupportedException();
}
