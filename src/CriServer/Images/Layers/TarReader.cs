using System.Text;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// Reads an archive in one pass: ustar, PAX with extended attributes, GNU long names and sparse files. Memory is bounded by
/// <see cref="ContentLimits"/>, whatever the archive says.
/// </summary>
internal sealed class TarReader(IByteSource source)
{
    private readonly ByteReader _reader = new(source);
    private readonly byte[] _block = new byte[TarHeader.Size];
    private long _dataLeft;
    private int _padding;
    private int _entries;
    private PaxRecords? _pax;
    private byte[]? _longName;
    private byte[]? _longLink;

    /// <summary>The next entry, past what is left of the one before; null at the end.</summary>
    /// <exception cref="ContentException">The archive is malformed or beyond a limit.</exception>
    public TarEntry? ReadNext()
    {
        _pax = null;
        _longName = _longLink = null;
        for (var extensions = 0; ; extensions++)
        {
            _reader.Skip(_dataLeft);
            _reader.SkipPadding(_padding);
            (_dataLeft, _padding) = (0, 0);

            // An archive should end in two blocks of zeros; many end in one or none.
            if (!_reader.TryFill(_block))
            {
                return null;
            }

            var header = new TarHeader(_block);
            if (header.IsZero)
            {
                return null;
            }

            header.VerifyChecksum();
            if (!TakeExtension(header))
            {
                return ++_entries <= ContentLimits.MaxLayerEntries
                    ? ReadEntry(header)
                    : throw new ContentException($"archive has more than {ContentLimits.MaxLayerEntries} entries");
            }

            if (extensions == ContentLimits.MaxExtensionHeaders)
            {
                throw new ContentException($"archive has an entry with more than {ContentLimits.MaxExtensionHeaders} extension headers");
            }
        }
    }

    /// <summary>The next piece of the entry's data, empty at its end.</summary>
    public ReadOnlySpan<byte> ReadData()
    {
        if (_dataLeft == 0)
        {
            return default;
        }

        var piece = _reader.ReadSome(_dataLeft);
        _dataLeft -= piece.IsEmpty ? throw ByteReader.Truncated() : piece.Length;
        return piece;
    }

    /// <summary>Headers that only say something about the next one.</summary>
    private bool TakeExtension(TarHeader header)
    {
        switch ((char)header.Type)
        {
            case 'x':
                (_pax ??= new PaxRecords()).Add(ReadHeaderData(header));
                return true;
            case 'L':
                _longName = CutAtNul(ReadHeaderData(header));
                return true;
            case 'K':
                _longLink = CutAtNul(ReadHeaderData(header));
                return true;
            case 'g' or 'V': // defaults for all entries, which no runtime heeds, so they are not ours to heed; a volume's label
                SetData(header.StoredSize);
                return true;
            default:
                return false;
        }
    }

    private byte[] ReadHeaderData(TarHeader header)
    {
        var size = header.StoredSize;
        if (size is < 0 or > ContentLimits.MaxHeaderBytes)
        {
            throw new ContentException($"archive has an extended header of {size} bytes; the limit is {ContentLimits.MaxHeaderBytes}");
        }

        var data = new byte[size];
        if (size > 0 && !_reader.TryFill(data))
        {
            throw ByteReader.Truncated();
        }

        _reader.Skip(PaddingOf(size));
        return data;
    }

    private TarEntry ReadEntry(TarHeader header)
    {
        var pax = _pax ?? new PaxRecords();
        var (seconds, nanoseconds) = pax.Modified ?? (header.Modified, 0);
        var entry = new TarEntry
        {
            Path = pax.Path ?? _longName ?? JoinName(header),
            LinkTarget = pax.LinkPath ?? _longLink ?? header.LinkName.ToArray(),
            Mode = (uint)(header.Mode & 0xfff),
            Uid = Id(pax.Uid ?? header.Uid, "owner"),
            Gid = Id(pax.Gid ?? header.Gid, "group"),
            ModifiedSeconds = seconds,
            ModifiedNanoseconds = nanoseconds,
            Xattrs = pax.Xattrs,
        };
        entry.Type = TypeOf(header.Type, entry);
        ReadTypeFields(entry, header);
        return entry;
    }

    private void ReadTypeFields(TarEntry entry, TarHeader header)
    {
        var stored = _pax?.Size ?? header.StoredSize;
        switch (entry.Type)
        {
            case TarEntryType.File:
                entry.Size = entry.StoredSize = stored;
                SetData(stored);
                ReadSparse(entry, header);
                break;
            case TarEntryType.CharacterDevice or TarEntryType.BlockDevice:
                (entry.DeviceMajor, entry.DeviceMinor) = Device(entry.Type, header);
                SetData(0);
                break;
            default:
                SetData(0); // whatever the size says: links and folders have no data
                break;
        }
    }

    private void ReadSparse(TarEntry entry, TarHeader header)
    {
        if (header.Type == 'S')
        {
            entry.Sparse = GnuSparse.ReadOld(header, _reader);
            entry.Size = header.GnuRealSize;
        }
        else if (_pax is { SparseMapInData: true })
        {
            var (regions, mapBytes) = GnuSparse.ReadMap(_reader);
            entry.Sparse = regions;
            entry.StoredSize -= mapBytes;
            _dataLeft -= mapBytes;
        }
        else
        {
            entry.Sparse = _pax?.SparseRegions;
        }

        if (entry.Sparse is not null)
        {
            entry.Size = _pax?.SparseRealSize ?? entry.Size;
            entry.Path = _pax?.SparseName ?? entry.Path;
            GnuSparse.Verify(entry.Sparse, entry.Size, entry.StoredSize);
        }
    }

    private static TarEntryType TypeOf(byte flag, TarEntry entry) => (char)flag switch
    {
        '0' or '\0' or '7' or 'S' => entry.Path.AsSpan().EndsWith("/"u8) ? TarEntryType.Folder : TarEntryType.File,
        >= '1' and <= '6' => (TarEntryType)flag,
        _ => throw new ContentException($"archive has an entry of unknown type 0x{flag:x2}: \"{Encoding.UTF8.GetString(entry.Path)}\""),
    };

    private void SetData(long size)
    {
        if (size < 0)
        {
            throw new ContentException("archive has an entry of negative size");
        }

        (_dataLeft, _padding) = (size, PaddingOf(size));
    }

    /// <summary>Data fills whole blocks.</summary>
    private static int PaddingOf(long size) => (int)(-size & (TarHeader.Size - 1));

    private static byte[] JoinName(TarHeader header) =>
        header.Prefix.IsEmpty ? header.Name.ToArray() : [.. header.Prefix, (byte)'/', .. header.Name];

    private static byte[] CutAtNul(byte[] name) => name.AsSpan().IndexOf((byte)0) is var end && end >= 0 ? name[..end] : name;

    /// <summary>Within what the kernel keeps of a device number (linux/kdev_t.h), and not what overlayfs takes for a whiteout.</summary>
    private static (uint Major, uint Minor) Device(TarEntryType type, TarHeader header)
    {
        var (major, minor) = (header.DeviceMajor, header.DeviceMinor);
        var isWhiteout = type == TarEntryType.CharacterDevice && major == 0 && minor == 0;
        return major is >= 0 and <= 0xfff && minor is >= 0 and <= 0xfffff && !isWhiteout
            ? ((uint)major, (uint)minor)
            : throw new ContentException($"archive has a device {major}:{minor}, which no layer may have");
    }

    private static uint Id(long id, string what) =>
        id is >= 0 and < uint.MaxValue ? (uint)id : throw new ContentException($"archive has an entry with {what} {id}, which is out of range");
}
