using System.Buffers.Binary;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// The 512-byte header block of ustar and of old GNU tar (POSIX.1-2024 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar
/// Format"). Numbers are octal text, or base 256 when the first bit is set.
/// </summary>
internal readonly ref struct TarHeader(ReadOnlySpan<byte> block)
{
    public const int Size = 512;

    private const int ChecksumOffset = 148;
    private const int ChecksumLength = 8;

    private readonly ReadOnlySpan<byte> _block = block;

    public ReadOnlySpan<byte> Name => Text(0, 100);

    public long Mode => Number(100, 8, "mode");

    public long Uid => Number(108, 8, "owner");

    public long Gid => Number(116, 8, "group");

    public long StoredSize => Number(124, 12, "size");

    public long Modified => Number(136, 12, "time");

    public byte Type => _block[156];

    public ReadOnlySpan<byte> LinkName => Text(157, 100);

    public long DeviceMajor => Number(329, 8, "device");

    public long DeviceMinor => Number(337, 8, "device");

    /// <summary>Only ustar has one; old GNU keeps other things there.</summary>
    public ReadOnlySpan<byte> Prefix => IsUstar ? Text(345, IsStar ? 131 : 155) : default;

    /// <summary>The four sparse regions in a GNU header of type S.</summary>
    public ReadOnlySpan<byte> GnuSparseRegions => _block.Slice(386, 4 * GnuSparse.RegionBytes);

    public bool GnuSparseContinues => _block[482] != 0;

    public long GnuRealSize => Number(483, 12, "size");

    private bool IsUstar => _block.Slice(257, 6).SequenceEqual("ustar\0"u8);

    /// <summary>Schilling's star keeps two times behind a shorter prefix.</summary>
    private bool IsStar => _block[508..].SequenceEqual("tar\0"u8);

    /// <summary>A block of zeros: two of them end an archive.</summary>
    public bool IsZero => !_block.ContainsAnyExcept((byte)0);

    /// <exception cref="ContentException">The block is not a header.</exception>
    public void VerifyChecksum()
    {
        var unsigned = 0L;
        var signed = 0L;
        for (var i = 0; i < Size; i++)
        {
            var b = i is >= ChecksumOffset and < ChecksumOffset + ChecksumLength ? (byte)' ' : _block[i];
            unsigned += b;
            signed += (sbyte)b; // what some historic tars summed up
        }

        var expected = Number(ChecksumOffset, ChecksumLength, "checksum");
        if (expected != unsigned && expected != signed)
        {
            throw new ContentException("archive has a header with a wrong checksum");
        }
    }

    /// <summary>A number field of any header.</summary>
    public static long ParseNumber(ReadOnlySpan<byte> field, string what)
    {
        if ((field[0] & 0x80) != 0)
        {
            return ParseBase256(field, what);
        }

        var text = field.Trim(" \0"u8);
        var end = text.IndexOfAny((byte)' ', (byte)0);
        text = end < 0 ? text : text[..end];
        var value = 0L;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'7' || value > long.MaxValue >> 3)
            {
                throw new ContentException($"archive has a header with an invalid {what}");
            }

            value = (value << 3) | (uint)(digit - '0');
        }

        return value;
    }

    /// <summary>Two's complement, big endian, the first bit only a marker.</summary>
    private static long ParseBase256(ReadOnlySpan<byte> field, string what)
    {
        Span<byte> bytes = stackalloc byte[field.Length];
        field.CopyTo(bytes);
        var negative = (bytes[0] & 0x40) != 0;
        bytes[0] = (byte)(negative ? bytes[0] | 0x80 : bytes[0] & 0x7f);
        var fill = (byte)(negative ? 0xff : 0);
        if (bytes.Length > 8)
        {
            if (bytes[..^8].ContainsAnyExcept(fill) || (bytes[^8] & 0x80) != (fill & 0x80))
            {
                throw new ContentException($"archive has a header with a {what} that is out of range");
            }

            return BinaryPrimitives.ReadInt64BigEndian(bytes[^8..]);
        }

        Span<byte> extended = stackalloc byte[8];
        extended.Fill(fill);
        bytes.CopyTo(extended[^bytes.Length..]);
        return BinaryPrimitives.ReadInt64BigEndian(extended);
    }

    private long Number(int offset, int length, string what) => ParseNumber(_block.Slice(offset, length), what);

    private ReadOnlySpan<byte> Text(int offset, int length)
    {
        var field = _block.Slice(offset, length);
        var end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }
}
