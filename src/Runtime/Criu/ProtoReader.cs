using System.Text;

namespace CriShim.Runtime.Criu;

/// <summary>Reads a protobuf message, member by member. Throws <see cref="FormatException"/> when it is none.</summary>
internal ref struct ProtoReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>Of the member that <see cref="Next"/> went to, where it is a number.</summary>
    public long Number { get; private set; }

    /// <summary>Where it is a text or a message.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    public readonly string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>The next member's number; 0 at the end.</summary>
    public int Next()
    {
        if (_rest.IsEmpty)
        {
            return 0;
        }

        var key = ReadVarint();
        switch (key & 7)
        {
            case 0:
                Number = (long)ReadVarint();
                break;
            case 1:
                Bytes = Take(8);
                break;
            case 2:
                Bytes = Take(ReadVarint());
                break;
            case 5:
                Bytes = Take(4);
                break;
            default:
                throw new FormatException("criu's answer has a member of unknown type");
        }

        return (int)(key >> 3);
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
        {
            throw new FormatException("criu's answer is cut off");
        }

        var bytes = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return bytes;
    }

    private ulong ReadVarint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Take(1)[0];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw new FormatException("criu's answer has a number that is too long");
    }
}
