using System.Runtime.InteropServices;
using System.Text;
using static CriShim.Linux.LibC.NetlinkSockets;

namespace CriShim.Linux.Netlink;

/// <summary>Walks the attributes of a message or nest; one that reaches beyond its surroundings ends the walk.</summary>
public ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Without the nested and byte-order flags.</summary>
    public ushort Type { get; private set; }

    public ReadOnlySpan<byte> Payload { get; private set; }

    public bool Next()
    {
        if (_rest.Length < 4)
        {
            return false;
        }

        int size = MemoryMarshal.Read<ushort>(_rest);
        if (size < 4 || size > _rest.Length)
        {
            return false;
        }

        Type = (ushort)(MemoryMarshal.Read<ushort>(_rest[2..]) & NLA_TYPE_MASK);
        Payload = _rest[4..size];
        _rest = _rest[Math.Min((size + 3) & ~3, _rest.Length)..];
        return true;
    }

    /// <summary>The payload as a 32-bit number in host order; 0 when it is too short.</summary>
    public readonly uint Number => Payload.Length >= sizeof(uint) ? MemoryMarshal.Read<uint>(Payload) : 0;

    /// <summary>The payload as text up to its NUL.</summary>
    public readonly string Text
    {
        get
        {
            var end = Payload.IndexOf((byte)0);
            return Encoding.UTF8.GetString(end < 0 ? Payload : Payload[..end]);
        }
    }
}
