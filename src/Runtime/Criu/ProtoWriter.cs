using System.Text;

namespace CriShim.Runtime.Criu;

/// <summary>Writes a protobuf message, member by member (protobuf.dev, "Encoding"): as much of it as criu's few messages need.</summary>
internal sealed class ProtoWriter
{
    private const int Varint = 0;
    private const int Bytes = 2;

    private readonly List<byte> _bytes = [];

    public ProtoWriter Number(int member, long value)
    {
        WriteVarint(((ulong)member << 3) | Varint);
        WriteVarint((ulong)value);
        return this;
    }

    /// <summary>Nothing when false: all of criu's switches are off without.</summary>
    public ProtoWriter Switch(int member, bool value) => value ? Number(member, 1) : this;

    /// <summary>Nothing when null.</summary>
    public ProtoWriter Text(int member, string? value) => value is null ? this : Write(member, Encoding.UTF8.GetBytes(value));

    public ProtoWriter Message(int member, ProtoWriter message) => Write(member, message.ToArray());

    public byte[] ToArray() => [.. _bytes];

    private ProtoWriter Write(int member, byte[] bytes)
    {
        WriteVarint(((ulong)member << 3) | Bytes);
        WriteVarint((ulong)bytes.Length);
        _bytes.AddRange(bytes);
        return this;
    }

    private void WriteVarint(ulong value)
    {
        for (; value > 0x7F; value >>= 7)
        {
            _bytes.Add((byte)(value | 0x80));
        }

        _bytes.Add((byte)value);
    }
}
