namespace Grpc.Core;

/// <summary>Turns messages into bytes and back.</summary>
public class Marshaller<T>(Action<T, SerializationContext> serializer, Func<DeserializationContext, T> deserializer)
{
    public Action<T, SerializationContext> ContextualSerializer { get; } = serializer;

    public Func<DeserializationContext, T> ContextualDeserializer { get; } = deserializer;
}

/// <summary>Makes marshallers.</summary>
public static class Marshallers
{
    public static Marshaller<string> StringMarshaller { get; } =
        Create(System.Text.Encoding.UTF8.GetBytes, System.Text.Encoding.UTF8.GetString);

    /// <summary>Messages go straight into and out of the connection's buffers.</summary>
    public static Marshaller<T> Create<T>(Action<T, SerializationContext> serializer, Func<DeserializationContext, T> deserializer) =>
        new(serializer, deserializer);

    /// <summary>Messages go through an array each.</summary>
    public static Marshaller<T> Create<T>(Func<T, byte[]> serializer, Func<byte[], T> deserializer) =>
        new((message, context) => context.Complete(serializer(message)), context => deserializer(context.PayloadAsNewBuffer()));
}
