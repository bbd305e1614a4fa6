using System.Buffers.Binary;
using System.Text;
using CriShim.Linux;

namespace CriShim.Cgroups.Systemd;

/// <summary>
/// A message received (D-Bus specification, "Message Format"):
/// <code>
/// byte order 'l' | type | flags | version 1 | u32 body length | u32 serial | a(yv) header fields | pad to 8 | body
/// </code>
/// Only what an answer of systemd's needs is read: the header fields of type string, and a body that begins with strings.
/// </summary>
internal sealed class DBusMessage
{
    public const byte MethodCall = 1;
    public const byte MethodReturn = 2;
    public const byte Error = 3;
    public const byte Signal = 4;

    public const byte FieldPath = 1;
    public const byte FieldInterface = 2;
    public const byte FieldMember = 3;
    public const byte FieldErrorName = 4;
    public const byte FieldReplySerial = 5;
    public const byte FieldDestination = 6;
    public const byte FieldSignature = 8;

    /// <summary>Up to the length of the header fields.</summary>
    public const int FixedHeaderBytes = 16;

    private readonly byte[] _bytes;
    private int _position;

    /// <param name="bytes">A whole message.</param>
    /// <exception cref="CgroupException">It is not one.</exception>
    public DBusMessage(byte[] bytes)
    {
        _bytes = bytes;
        Type = bytes[1];
        var fieldsEnd = FixedHeaderBytes + ReadUInt32At(12);
        _position = FixedHeaderBytes;
        try
        {
            while (_position < fieldsEnd)
            {
                ReadField();
            }

            _position = Aligned(fieldsEnd);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new CgroupException("failed to read a message of D-Bus: it ends early", Errno.EPROTO, e);
        }
    }

    public byte Type { get; }

    public string Member { get; private set; } = "";

    public string ErrorName { get; private set; } = "";

    public uint ReplySerial { get; private set; }

    /// <summary>Bytes of the whole message that begins so.</summary>
    /// <exception cref="CgroupException">This is no message of a little-endian machine, or a huge one.</exception>
    public static int TotalBytes(ReadOnlySpan<byte> fixedHeader)
    {
        const int MostBytes = 1 << 20;
        var total = Aligned(FixedHeaderBytes + (long)BinaryPrimitives.ReadUInt32LittleEndian(fixedHeader[12..]))
            + BinaryPrimitives.ReadUInt32LittleEndian(fixedHeader[4..]);
        return fixedHeader[0] == (byte)'l' && total <= MostBytes
            ? (int)total
            : throw new CgroupException("failed to read a message of D-Bus: it is too long or of another byte order", Errno.EPROTO);
    }

    /// <summary>The body's next value, a string or an object path.</summary>
    public string ReadString()
    {
        Align(sizeof(uint));
        var length = ReadUInt32();
        var text = Encoding.UTF8.GetString(_bytes.AsSpan(_position, length));
        _position += length + 1;
        return text;
    }

    /// <summary>The body's next value, a 32-bit number.</summary>
    public int ReadUInt32()
    {
        Align(sizeof(uint));
        _position += sizeof(uint);
        return ReadUInt32At(_position - sizeof(uint));
    }

    private static long Aligned(long position) => (position + 7) / 8 * 8;

    private static int Aligned(int position) => (position + 7) / 8 * 8;

    private void ReadField()
    {
        Align(8);
        var field = _bytes[_position++];
        var signature = ReadSignature();
        switch (signature)
        {
            case "s" or "o":
                Keep(field, ReadString());
                break;
            case "g":
                ReadSignature();
                break;
            case "u":
                var number = ReadUInt32();
                ReplySerial = field == FieldReplySerial ? (uint)number : ReplySerial;
                break;
            default:
                throw new CgroupException($"failed to read a message of D-Bus: header field of type \"{signature}\"", Errno.EPROTO);
        }
    }

    private void Keep(byte field, string value)
    {
        Member = field == FieldMember ? value : Member;
        ErrorName = field == FieldErrorName ? value : ErrorName;
    }

    private string ReadSignature()
    {
        var length = _bytes.AsSpan(_position, 1)[0];
        var text = Encoding.ASCII.GetString(_bytes.AsSpan(_position + 1, length));
        _position += length + 2;
        return text;
    }

    private void Align(int size) => _position = (_position + size - 1) / size * size;

    private int ReadUInt32At(int position) => checked((int)BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(position)));
}
