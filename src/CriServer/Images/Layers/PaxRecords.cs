using System.Globalization;
using System.Text;
using CriShim.CriServer.Images.Content;

namespace CriShim.CriServer.Images.Layers;

/// <summary>
/// The records <c>LENGTH KEY=VALUE\n</c> of a PAX extended header (POSIX.1-2024 pax, "pax Extended Header"), as far as they say
/// something about files; xattrs in the form of star, SCHILY.xattr.NAME. Other keys are passed over: access and change times, names of
/// owners, ACLs, the second copy of xattrs that bsdtar writes, and the character set of names, which are bytes here.
/// </summary>
internal sealed class PaxRecords
{
    private const string XattrPrefix = "SCHILY.xattr.";

    private readonly List<TarXattr> _xattrs = [];
    private List<SparseRegion>? _regions;
    private long? _regionOffset;

    public byte[]? Path { get; private set; }

    public byte[]? LinkPath { get; private set; }

    public long? Size { get; private set; }

    public long? Uid { get; private set; }

    public long? Gid { get; private set; }

    public (long Seconds, int Nanoseconds)? Modified { get; private set; }

    public IReadOnlyList<TarXattr> Xattrs => _xattrs;

    /// <summary>Regions of the sparse formats 0.0 and 0.1.</summary>
    public IReadOnlyList<SparseRegion>? SparseRegions => _regions;

    /// <summary>Format 1.0: the map is in front of the data.</summary>
    public bool SparseMapInData { get; private set; }

    public byte[]? SparseName { get; private set; }

    public long? SparseRealSize { get; private set; }

    /// <exception cref="ContentException">The header is malformed.</exception>
    public void Add(ReadOnlySpan<byte> records)
    {
        while (!records.IsEmpty)
        {
            var space = records[..Math.Min(records.Length, 16)].IndexOf((byte)' ');
            if (space <= 0
                || !int.TryParse(records[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= space + 1 || length > records.Length || records[length - 1] != '\n')
            {
                throw Invalid("length");
            }

            var record = records[(space + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals <= 0)
            {
                throw Invalid("key");
            }

            Add(Encoding.UTF8.GetString(record[..equals]), record[(equals + 1)..]);
            records = records[length..];
        }
    }

    private void Add(string key, ReadOnlySpan<byte> value)
    {
        switch (key)
        {
            // An empty value takes back what was said before: the plain header's word counts.
            case "path": Path = value.IsEmpty ? null : Name(value); break;
            case "linkpath": LinkPath = value.IsEmpty ? null : Name(value); break;
            case "size": Size = value.IsEmpty ? null : Number(value); break;
            case "uid": Uid = value.IsEmpty ? null : Number(value); break;
            case "gid": Gid = value.IsEmpty ? null : Number(value); break;
            case "mtime": Modified = value.IsEmpty ? null : Time(value); break;
            default: AddExtension(key, value); break;
        }
    }

    private void AddExtension(string key, ReadOnlySpan<byte> value)
    {
        switch (key)
        {
            case "GNU.sparse.name": SparseName = Name(value); break;
            case "GNU.sparse.size" or "GNU.sparse.realsize": SparseRealSize = Number(value); break;
            case "GNU.sparse.major": SparseMapInData = Number(value) == 1; break;
            case "GNU.sparse.map": _regions = GnuSparse.ParseList(Encoding.ASCII.GetString(value)); break;
            case "GNU.sparse.offset": _regionOffset = Number(value); break;
            case "GNU.sparse.numbytes":
                GnuSparse.Add(_regions ??= [], _regionOffset ?? throw GnuSparse.Invalid(), Number(value));
                break;
            default:
                if (key.StartsWith(XattrPrefix, StringComparison.Ordinal))
                {
                    AddXattr(key[XattrPrefix.Length..], value);
                }

                break;
        }
    }

    private void AddXattr(string name, ReadOnlySpan<byte> value)
    {
        if (name.Length is 0 or > 255 || name.Contains('\0', StringComparison.Ordinal) || value.Length > ContentLimits.MaxXattrBytes)
        {
            throw Invalid("extended attribute");
        }

        if (_xattrs.Count >= ContentLimits.MaxXattrs)
        {
            throw new ContentException($"archive has an entry with more than {ContentLimits.MaxXattrs} extended attributes");
        }

        var bytes = Linux.NulTerminated.FromString(name);
        _xattrs.RemoveAll(x => x.Name.AsSpan().SequenceEqual(bytes));
        _xattrs.Add(new TarXattr(bytes, value.ToArray()));
    }

    private static byte[] Name(ReadOnlySpan<byte> value) => value.Contains((byte)0) ? throw Invalid("name") : value.ToArray();

    private static long Number(ReadOnlySpan<byte> value) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= 0
            ? number
            : throw Invalid("number");

    /// <summary>Decimal seconds, which may have a fraction and may be before 1970.</summary>
    private static (long Seconds, int Nanoseconds) Time(ReadOnlySpan<byte> value)
    {
        if (!decimal.TryParse(value, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var time)
            || time > long.MaxValue / 2 || time < long.MinValue / 2)
        {
            throw Invalid("time");
        }

        var seconds = decimal.Floor(time);
        return ((long)seconds, (int)((time - seconds) * 1_000_000_000m));
    }

    private static ContentException Invalid(string what) => new($"archive has an extended header with an invalid {what}");
}
