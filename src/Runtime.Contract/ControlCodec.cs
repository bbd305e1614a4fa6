using System.Text.Json;

namespace CriShim.Runtime.Contract;

/// <summary>
/// <see cref="ControlMessage"/> to and from the bytes of one message (UTF-8 JSON). The socket part is Linux.ControlChannel; limits of
/// length are its too.
/// </summary>
public static class ControlCodec
{
    public static byte[] Encode(ControlMessage message) =>
        JsonSerializer.SerializeToUtf8Bytes(message, ContractJsonContext.Default.ControlMessage);

    /// <summary>Throws <see cref="RuntimeException"/> (InvalidArgument) when the bytes are no message.</summary>
    public static ControlMessage Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, ContractJsonContext.Default.ControlMessage)
                ?? throw new RuntimeException(RuntimeErrorKind.InvalidArgument, "failed to read control message: null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new RuntimeException(RuntimeErrorKind.InvalidArgument, $"failed to read control message: {e.Message}", e);
        }
    }
}
