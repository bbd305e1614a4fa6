using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static CriShim.Linux.LibC.NetlinkSockets;

namespace CriShim.Linux.Netlink;

/// <summary>
/// Builds netlink messages (netlink(7)) one after another in one buffer, to be sent by one call. Attribute and nest lengths are
/// 16 bits on the wire: a longer one throws instead of wrapping around into the next attribute (the flaw of CVE-2021-43784).
/// </summary>
public sealed class NetlinkBatch
{
    private const int AttributeHeaderBytes = 4;

    private readonly List<Entry> _messages = [];
    private byte[] _buffer = new byte[2048];
    private int _length;
    private int _start = -1;

    private readonly record struct Entry(int Offset, string Operation, bool Acknowledged);

    /// <summary>Number of messages.</summary>
    public int Count => _messages.Count;

    /// <summary>Starts a message; the one before is complete. NLM_F_REQUEST is added.</summary>
    /// <param name="operation">For error messages, e.g. <c>create bridge "br0"</c>.</param>
    public void Begin(ushort type, ushort flags, string operation)
    {
        Finish();
        _start = _length;
        _messages.Add(new Entry(_start, operation, (flags & NLM_F_ACK) != 0));
        Put(new nlmsghdr { nlmsg_type = type, nlmsg_flags = (ushort)(flags | NLM_F_REQUEST) });
    }

    /// <summary>The message's fixed part, which follows its header.</summary>
    public void Put<T>(T value)
        where T : unmanaged
    {
        var size = Unsafe.SizeOf<T>();
        MemoryMarshal.Write(Reserve(Align(size)), value);
    }

    public void Attribute(ushort type, ReadOnlySpan<byte> payload)
    {
        var size = AttributeHeaderBytes + payload.Length;
        CheckLength(size, type);
        var target = Reserve(Align(size));
        MemoryMarshal.Write(target, (ushort)size);
        MemoryMarshal.Write(target[2..], type);
        payload.CopyTo(target[AttributeHeaderBytes..]);
    }

    /// <summary>A string with its closing NUL; control characters and NULs inside are refused.</summary>
    public void Text(ushort type, string value)
    {
        if (value.Any(char.IsControl))
        {
            throw new ArgumentException($"control character in netlink string attribute {type}", nameof(value));
        }

        Attribute(type, [.. Encoding.UTF8.GetBytes(value), 0]);
    }

    public void Byte(ushort type, byte value) => Attribute(type, [value]);

    /// <summary>32 bits in host order, as rtnetlink wants.</summary>
    public void Number(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        MemoryMarshal.Write(bytes, value);
        Attribute(type, bytes);
    }

    /// <summary>32 bits in network order, as nf_tables wants.</summary>
    public void NetworkNumber(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        Attribute(type, bytes);
    }

    /// <summary>Opens a nested attribute, closed by disposing the result.</summary>
    public Nest Nested(ushort type)
    {
        var offset = _length;
        MemoryMarshal.Write(Reserve(AttributeHeaderBytes)[2..], (ushort)(type | NLA_F_NESTED));
        return new Nest(this, offset);
    }

    /// <summary>An open nested attribute.</summary>
    public readonly ref struct Nest(NetlinkBatch batch, int offset)
    {
        public void Dispose()
        {
            var size = batch._length - offset;
            CheckLength(size, MemoryMarshal.Read<ushort>(batch._buffer.AsSpan(offset + 2)));
            MemoryMarshal.Write(batch._buffer.AsSpan(offset), (ushort)size);
        }
    }

    /// <summary>All messages, numbered from <paramref name="firstSequence"/> on.</summary>
    internal ReadOnlySpan<byte> Seal(uint firstSequence)
    {
        Finish();
        for (var i = 0; i < _messages.Count; i++)
        {
            MemoryMarshal.Write(_buffer.AsSpan(_messages[i].Offset + 8), firstSequence + (uint)i);
        }

        return _buffer.AsSpan(0, _length);
    }

    internal string Operation(int index) => _messages[index].Operation;

    internal int AcknowledgedCount => _messages.Count(message => message.Acknowledged);

    private void Finish()
    {
        if (_start >= 0)
        {
            MemoryMarshal.Write(_buffer.AsSpan(_start), (uint)(_length - _start));
            _start = -1;
        }
    }

    private Span<byte> Reserve(int size)
    {
        if (_length + size > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + size));
        }

        var span = _buffer.AsSpan(_length, size);
        _length += size;
        return span;
    }

    private static int Align(int size) => (size + 3) & ~3;

    private static void CheckLength(int size, ushort type)
    {
        if (size > ushort.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(size), size, $"netlink attribute {type & NLA_TYPE_MASK} is longer than 65535 bytes");
        }
    }
}
