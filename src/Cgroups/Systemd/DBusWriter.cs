using System.Buffers.Binary;
using System.Text;

namespace CriShim.Cgroups.Systemd;

/// <summary>
/// Lays values out as D-Bus does (D-Bus specification, "Marshaling"): little-endian, each at a multiple of its own size, which is counted
/// from the start of the message's header or body.
/// </summary>
internal sealed class DBusWriter
{
    private const int StructAlignment = 8;
    private byte[] _bytes = new byte[256];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public DBusWriter Byte(byte value)
    {
        Grow(1)[0] = value;
        return this;
    }

    public DBusWriter UInt32(uint value)
    {
        Align(sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(Grow(sizeof(uint)), value);
        return this;
    }

    public DBusWriter UInt64(ulong value)
    {
        Align(sizeof(ulong));
        BinaryPrimitives.WriteUInt64LittleEndian(Grow(sizeof(ulong)), value);
        return this;
    }

    public DBusWriter Boolean(bool value) => UInt32(value ? 1u : 0);

    /// <summary>A string or an object path: length, UTF-8, a zero.</summary>
    public DBusWriter String(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        UInt32((uint)length);
        Encoding.UTF8.GetBytes(value, Grow(length + 1));
        return this;
    }

    /// <summary>A signature has a length of one byte. It also stands before a variant's value.</summary>
    public DBusWriter Signature(string value)
    {
        Byte((byte)value.Length);
        Encoding.ASCII.GetBytes(value, Grow(value.Length + 1));
        return this;
    }

    /// <summary>An array: its elements' length in bytes, which the padding before the first does not count in, then the elements.</summary>
    public DBusWriter Array(int elementAlignment, Action<DBusWriter> elements)
    {
        UInt32(0);
        var lengthAt = Length - sizeof(uint);
        Align(elementAlignment);
        var start = Length;
        elements(this);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(lengthAt), (uint)(Length - start));
        return this;
    }

    /// <summary>An array of structures, in each of which <paramref name="write"/> writes the fields.</summary>
    public DBusWriter Structs<T>(IEnumerable<T> items, Action<DBusWriter, T> write) => Array(StructAlignment, writer =>
    {
        foreach (var item in items)
        {
            writer.Align(StructAlignment);
            write(writer, item);
        }
    });

    public void Align(int size) => Grow((size - (Length % size)) % size);

    public DBusWriter Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Grow(bytes.Length));
        return this;
    }

    /// <summary>The next bytes, all zero.</summary>
    private Span<byte> Grow(int count)
    {
        if (Length + count > _bytes.Length)
        {
            System.Array.Resize(ref _bytes, Math.Max(Length + count, 2 * _bytes.Length));
        }

        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }
}
