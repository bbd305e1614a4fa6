using System.Globalization;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// Where the data of sparse files lies: the old GNU format (regions in header blocks) and the PAX formats 0.0, 0.1 (in records) and 1.0
/// (in front of the data); GNU tar manual, "Storing Sparse Files".
/// </summary>
internal static class GnuSparse
{
    /// <summary>Offset and length, 12 bytes each.</summary>
    public const int RegionBytes = 24;

    private const int RegionsPerExtension = 21;
    private const int ExtensionContinues = RegionsPerExtension * RegionBytes;

    /// <summary>The regions of a header of type S and of the extension blocks after it.</summary>
    public static List<SparseRegion> ReadOld(TarHeader header, ByteReader reader)
    {
        var regions = new List<SparseRegion>();
        AddOld(regions, header.GnuSparseRegions);
        Span<byte> block = stackalloc byte[TarHeader.Size];
        var more = header.GnuSparseContinues;
        while (more)
        {
            Fill(reader, block);
            AddOld(regions, block[..ExtensionContinues]);
            more = block[ExtensionContinues] != 0;
        }

        return regions;
    }

    /// <summary>Format 0.1: <c>offset,length,offset,length…</c></summary>
    public static List<SparseRegion> ParseList(string text)
    {
        var numbers = text.Split(',');
        var regions = new List<SparseRegion>();
        for (var i = 0; i + 1 < numbers.Length; i += 2)
        {
            Add(regions, ParseNumber(numbers[i]), ParseNumber(numbers[i + 1]));
        }

        return numbers.Length % 2 == 0 || text.Length == 0 ? regions : throw Invalid();
    }

    /// <summary>Format 1.0: decimal lines in front of the data, padded to a block: count, then offset and length of each region.</summary>
    /// <returns>The regions and how many bytes of the entry's data the map took.</returns>
    public static (List<SparseRegion> Regions, long MapBytes) ReadMap(ByteReader reader)
    {
        var regions = new List<SparseRegion>();
        var map = new MapReader(reader);
        for (var left = map.ReadLine(); left > 0; left--)
        {
            Add(regions, map.ReadLine(), map.ReadLine());
        }

        return (regions, map.Taken);
    }

    public static long ParseNumber(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw Invalid();

    public static void Add(List<SparseRegion> regions, long offset, long length)
    {
        if (regions.Count >= ContentLimits.MaxSparseRegions)
        {
            throw new ContentException($"archive has a file with more than {ContentLimits.MaxSparseRegions} sparse regions");
        }

        regions.Add(new SparseRegion(offset, length));
    }

    /// <summary>Regions must rise, lie within the file and hold exactly the stored data.</summary>
    public static void Verify(IReadOnlyList<SparseRegion> regions, long size, long storedSize)
    {
        var end = 0L;
        var total = 0L;
        foreach (var region in regions)
        {
            if (region.Offset < end || region.Length < 0 || region.Length > size - region.Offset)
            {
                throw Invalid();
            }

            end = region.Offset + region.Length;
            total += region.Length;
        }

        if (total != storedSize)
        {
            throw Invalid();
        }
    }

    public static ContentException Invalid() => new("archive has a file with an invalid sparse map");

    private static void AddOld(List<SparseRegion> regions, ReadOnlySpan<byte> fields)
    {
        for (; fields.Length >= RegionBytes && fields[0] != 0; fields = fields[RegionBytes..])
        {
            Add(regions, TarHeader.ParseNumber(fields[..12], "sparse map"), TarHeader.ParseNumber(fields[12..24], "sparse map"));
        }
    }

    private static void Fill(ByteReader reader, Span<byte> block)
    {
        if (!reader.TryFill(block))
        {
            throw ByteReader.Truncated();
        }
    }

    /// <summary>Decimal lines from whole blocks.</summary>
    private sealed class MapReader(ByteReader reader)
    {
        private readonly byte[] _block = new byte[TarHeader.Size];
        private int _position = TarHeader.Size;

        public long Taken { get; private set; }

        public long ReadLine()
        {
            var value = 0L;
            var digits = 0;
            while (NextByte() is var b && b != '\n')
            {
                if (b is < (byte)'0' or > (byte)'9' || ++digits > 18)
                {
                    throw Invalid();
                }

                value = (value * 10) + (b - '0');
            }

            return digits > 0 ? value : throw Invalid();
        }

        private byte NextByte()
        {
            if (_position == _block.Length)
            {
                Fill(reader, _block);
                Taken += _block.Length;
                _position = 0;
            }

            return _block[_position++];
        }
    }
}
