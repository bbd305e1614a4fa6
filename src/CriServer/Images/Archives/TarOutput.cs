using System.Globalization;
using System.Text;
using CriShim.CriServer.Images.Layers;

namespace CriShim.CriServer.Images.Archives;

/// <summary>
/// Writes an archive: ustar headers, and PAX records where they are too narrow (POSIX.1-2024 pax) or for extended attributes. The same
/// entries give the same bytes.
/// </summary>
internal sealed class TarOutput(Stream output)
{
    private const int NameLength = 100;
    private const long MaxId = 0x1FFFFF;            // 7 octal digits
    private const long MaxNumber = 0x1_FFFF_FFFF;   // 11 octal digits
    private const char ExtendedHeader = 'x';

    private static readonly byte[] s_extendedName = [.. "PaxHeaders/entry"u8];

    private long _written;

    /// <summary>The headers; a file's <see cref="TarEntry.Size"/> bytes follow by <see cref="Write"/>, then <see cref="EndFile"/>.</summary>
    public void Begin(TarEntry entry)
    {
        var records = ExtendedRecords(entry);
        if (records.Length > 0)
        {
            WriteHeader(new TarEntry { Path = s_extendedName, Size = records.Length, Mode = 0x1A4 }, ExtendedHeader);
            output.Write(records);
            Pad(records.Length);
        }

        WriteHeader(entry, (char)entry.Type);
        _written = 0;
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _written += bytes.Length;
    }

    public void EndFile() => Pad(_written);

    /// <summary>A small file.</summary>
    public void WriteFile(string path, ReadOnlySpan<byte> bytes)
    {
        Begin(new TarEntry { Type = TarEntryType.File, Path = Encoding.UTF8.GetBytes(path), Size = bytes.Length, Mode = 0x1A4 });
        Write(bytes);
        EndFile();
    }

    /// <summary>The end of the archive: two blocks of zeros.</summary>
    public void Finish() => output.Write(new byte[2 * TarHeader.Size]);

    private void WriteHeader(TarEntry entry, char type)
    {
        Span<byte> block = stackalloc byte[TarHeader.Size];
        block.Clear();
        Put(block, 0, NameLength, entry.Path);
        PutOctal(block, 100, 8, entry.Mode);
        PutOctal(block, 108, 8, entry.Uid <= MaxId ? entry.Uid : 0);
        PutOctal(block, 116, 8, entry.Gid <= MaxId ? entry.Gid : 0);
        PutOctal(block, 124, 12, entry.Size <= MaxNumber ? entry.Size : 0);
        PutOctal(block, 136, 12, entry.ModifiedSeconds is >= 0 and <= MaxNumber ? entry.ModifiedSeconds : 0);
        block[156] = (byte)type;
        Put(block, 157, NameLength, entry.LinkTarget);
        "ustar\000"u8.CopyTo(block[257..]);
        PutOctal(block, 329, 8, entry.DeviceMajor);
        PutOctal(block, 337, 8, entry.DeviceMinor);
        "        "u8.CopyTo(block[148..]);
        var sum = 0;
        foreach (var b in block)
        {
            sum += b;
        }

        PutOctal(block, 148, 7, sum);
        output.Write(block);
    }

    private static byte[] ExtendedRecords(TarEntry entry)
    {
        using var records = new MemoryStream();
        AddIf(entry.Path.Length > NameLength, records, "path", entry.Path);
        AddIf(entry.LinkTarget.Length > NameLength, records, "linkpath", entry.LinkTarget);
        AddIf(entry.Size > MaxNumber, records, "size", Text(entry.Size));
        AddIf(entry.Uid > MaxId, records, "uid", Text(entry.Uid));
        AddIf(entry.Gid > MaxId, records, "gid", Text(entry.Gid));
        AddIf(entry.ModifiedNanoseconds != 0 || entry.ModifiedSeconds is < 0 or > MaxNumber, records, "mtime", TimeText(entry));
        foreach (var (name, value) in entry.Xattrs)
        {
            Add(records, [.. "SCHILY.xattr."u8, .. name.AsSpan()[..^1]], value);
        }

        return records.ToArray();
    }

    private static void AddIf(bool condition, MemoryStream records, string key, byte[] value)
    {
        if (condition)
        {
            Add(records, Encoding.ASCII.GetBytes(key), value);
        }
    }

    /// <summary><c>LENGTH KEY=VALUE\n</c>, where the length counts its own digits.</summary>
    private static void Add(MemoryStream records, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var rest = key.Length + value.Length + 3;
        var length = rest + Text(rest).Length;
        length = rest + Text(length).Length; // one digit more may be needed
        records.Write(Text(length));
        records.WriteByte((byte)' ');
        records.Write(key);
        records.WriteByte((byte)'=');
        records.Write(value);
        records.WriteByte((byte)'\n');
    }

    /// <summary>Decimal seconds; the fraction always counts forward.</summary>
    private static byte[] TimeText(TarEntry entry)
    {
        var time = entry.ModifiedSeconds + (entry.ModifiedNanoseconds / 1_000_000_000m);
        return Encoding.ASCII.GetBytes(time.ToString("0.#########", CultureInfo.InvariantCulture));
    }

    private static byte[] Text(long number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private static void Put(Span<byte> block, int offset, int length, ReadOnlySpan<byte> text) =>
        text[..Math.Min(text.Length, length)].CopyTo(block[offset..]);

    private static void PutOctal(Span<byte> block, int offset, int length, long value)
    {
        for (var i = offset + length - 2; i >= offset; i--)
        {
            block[i] = (byte)('0' + (value & 7));
            value >>= 3;
        }
    }

    private void Pad(long size) => output.Write(new byte[-size & (TarHeader.Size - 1)]);
}
