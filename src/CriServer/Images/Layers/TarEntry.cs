namespace CriShim.CriServer.Images.Layers;

/// <summary>Kinds of archive entries that make something in a file system; the values are the type flags of ustar.</summary>
internal enum TarEntryType
{
    File = '0',
    HardLink = '1',
    SymbolicLink = '2',
    CharacterDevice = '3',
    BlockDevice = '4',
    Folder = '5',
    Fifo = '6',
}

/// <summary>An extended attribute: a name that ends in NUL and a value.</summary>
internal readonly record struct TarXattr(byte[] Name, byte[] Value);

/// <summary>A region of a sparse file that holds data, in bytes.</summary>
internal readonly record struct SparseRegion(long Offset, long Length);

/// <summary>One entry of an archive, with what extension headers say of it. Names are bytes without NUL.</summary>
internal sealed class TarEntry
{
    public TarEntryType Type { get; set; }

    public byte[] Path { get; set; } = [];

    public byte[] LinkTarget { get; set; } = [];

    /// <summary>Permission bits with setuid, setgid and sticky.</summary>
    public uint Mode { get; set; }

    public uint Uid { get; set; }

    public uint Gid { get; set; }

    /// <summary>Bytes of the file as read by a program.</summary>
    public long Size { get; set; }

    /// <summary>Bytes of data that follow the header in the archive.</summary>
    public long StoredSize { get; set; }

    public long ModifiedSeconds { get; set; }

    public int ModifiedNanoseconds { get; set; }

    public uint DeviceMajor { get; set; }

    public uint DeviceMinor { get; set; }

    public IReadOnlyList<TarXattr> Xattrs { get; set; } = [];

    /// <summary>Null for a file without holes.</summary>
    public IReadOnlyList<SparseRegion>? Sparse { get; set; }
}
