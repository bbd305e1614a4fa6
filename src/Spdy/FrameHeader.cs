using System.Buffers.Binary;

namespace CriShim.Spdy;

/// <summary>The eight bytes in front of every frame (section 2.2), all numbers big-endian.</summary>
/// <remarks><code>
/// control  1 | version 15 | type 16        data  0 | stream id 31
///          flags 8 | length 24                   flags 8 | length 24
/// </code></remarks>
/// <param name="Type">0 of a data frame.</param>
/// <param name="StreamId">0 of a control frame: theirs is in the payload.</param>
/// <param name="Length">Of what follows, in bytes.</param>
internal readonly record struct FrameHeader(bool IsControl, int Version, FrameType Type, int StreamId, FrameFlags Flags, int Length)
{
    public const int Size = 8;

    /// <summary>SPDY/3 and SPDY/3.1 both say 3.</summary>
    public const int ProtocolVersion = 3;

    private const uint ControlBit = 0x8000_0000;

    public static FrameHeader Parse(ReadOnlySpan<byte> bytes)
    {
        var first = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        var second = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        var flags = (FrameFlags)(second >> 24);
        var length = (int)(second & 0xff_ffff);
        return (first & ControlBit) == 0
            ? new FrameHeader(false, 0, 0, (int)first, flags, length)
            : new FrameHeader(true, (int)(first >> 16 & 0x7fff), (FrameType)(first & 0xffff), 0, flags, length);
    }

    public static void WriteControl(Span<byte> target, FrameType type, FrameFlags flags, int length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target, ControlBit | ProtocolVersion << 16 | (uint)type);
        BinaryPrimitives.WriteUInt32BigEndian(target[4..], (uint)flags << 24 | (uint)length);
    }

    public static void WriteData(Span<byte> target, int streamId, FrameFlags flags, int length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target, (uint)streamId);
        BinaryPrimitives.WriteUInt32BigEndian(target[4..], (uint)flags << 24 | (uint)length);
    }
}
