using System.Buffers.Binary;
using System.Text;
using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Init;

/// <summary>A received message. Whoever holds it owns the descriptors that he does not take.</summary>
internal sealed class InitPacket(Packet packet) : IDisposable
{
    private const int ErrorHeaderBytes = 1 + sizeof(int) + sizeof(int);

    public InitMessage Kind => packet.IsEnd ? InitMessage.End : (InitMessage)packet.Bytes[0];

    public ReadOnlyMemory<byte> Body => packet.Bytes.AsMemory(1);

    public IReadOnlyList<SafeFileHandle> Fds => packet.Fds;

    /// <summary>kind, errno, then step and message separated by a zero.</summary>
    public RuntimeError ReadError()
    {
        var kind = (RuntimeErrorKind)BinaryPrimitives.ReadInt32LittleEndian(packet.Bytes.AsSpan(1));
        var errno = BinaryPrimitives.ReadInt32LittleEndian(packet.Bytes.AsSpan(1 + sizeof(int)));
        var texts = Encoding.UTF8.GetString(packet.Bytes.AsSpan(ErrorHeaderBytes)).Split('\0', 2);
        return new RuntimeError(kind, texts[^1], texts[0], errno);
    }

    public static byte[] WriteError(RuntimeError error)
    {
        var texts = Encoding.UTF8.GetBytes($"{error.Step}\0{error.Message}");
        var bytes = new byte[ErrorHeaderBytes + texts.Length];
        bytes[0] = (byte)InitMessage.Error;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), (int)error.Kind);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1 + sizeof(int)), error.Errno);
        texts.CopyTo(bytes, ErrorHeaderBytes);
        return bytes;
    }

    public void Dispose() => packet.Dispose();
}
