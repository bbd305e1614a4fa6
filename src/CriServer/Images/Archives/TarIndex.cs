using System.Text;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Images.Archives;

/// <summary>Where a file of an archive lies.</summary>
/// <param name="Link">For a link: the path of what is meant.</param>
internal readonly record struct TarPlace(long Offset, long Length, string? Link);

/// <summary>Reads the headers of a tar archive and passes over its contents.</summary>
internal sealed class TarIndex
{
    private readonly SafeFileHandle _file;
    private readonly long _length;
    private readonly Dictionary<string, TarPlace> _places = new(StringComparer.Ordinal);
    private readonly byte[] _block = new byte[TarHeader.Size];
    private long _offset;
    private PaxRecords? _pax;
    private byte[]? _longName;
    private byte[]? _longLink;

    private TarIndex(SafeFileHandle file)
    {
        _file = file;
        _length = RandomAccess.GetLength(file);
    }

    /// <exception cref="ContentException">Not a tar archive, or one beyond a limit.</exception>
    public static IReadOnlyDictionary<string, TarPlace> Read(SafeFileHandle file)
    {
        var index = new TarIndex(file);
        for (var entries = 0; index.ReadNext(); entries++)
        {
            if (entries >= ArchiveLimits.MaxEntries)
            {
                throw new ContentException($"archive has more than {ArchiveLimits.MaxEntries} entries");
            }
        }

        return index._places;
    }

    /// <summary>The path without leading <c>./</c> and slashes; <c>..</c> takes a component away, never one that is not there.</summary>
    internal static string Normalize(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/').Where(p => p is not ("" or ".")))
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        return string.Join('/', parts);
    }

    private bool ReadNext()
    {
        if (_offset + TarHeader.Size > _length)
        {
            return false;
        }

        ReadExactly(_block, _offset);
        var header = new TarHeader(_block);
        if (header.IsZero)
        {
            return false;
        }

        if (_offset == 0 && !LooksLikeTar(header))
        {
            throw new ContentException("it is no tar archive");
        }

        header.VerifyChecksum();
        _offset += TarHeader.Size;
        var size = _pax?.Size ?? header.StoredSize;
        if (size < 0 || size > _length - _offset)
        {
            throw ByteReader.Truncated();
        }

        if (!TakeExtension(header, size))
        {
            AddEntry(header, size);
            (_pax, _longName, _longLink) = (null, null, null);
        }

        _offset += (size + TarHeader.Size - 1) / TarHeader.Size * TarHeader.Size;
        return true;
    }

    private static bool LooksLikeTar(TarHeader header)
    {
        try
        {
            header.VerifyChecksum();
            return true;
        }
        catch (ContentException)
        {
            return false;
        }
    }

    private bool TakeExtension(TarHeader header, long size)
    {
        switch ((char)header.Type)
        {
            case 'x':
                (_pax ??= new PaxRecords()).Add(ReadSmall(size));
                return true;
            case 'L':
                _longName = ReadSmall(size);
                return true;
            case 'K':
                _longLink = ReadSmall(size);
                return true;
            case 'g':
                return true;
            default:
                return false;
        }
    }

    /// <summary>A later entry of the same name counts.</summary>
    private void AddEntry(TarHeader header, long size)
    {
        var path = Normalize(Text(_pax?.Path ?? _longName ?? JoinName(header)));
        var target = Text(_pax?.LinkPath ?? _longLink ?? header.LinkName.ToArray());
        switch ((char)header.Type)
        {
            case '0' or '\0' or '7':
                _places[path] = new TarPlace(_offset, size, null);
                break;
            case '1':
                _places[path] = new TarPlace(0, 0, Normalize(target));
                break;
            case '2':
                var parent = path.Contains('/', StringComparison.Ordinal) ? path[..path.LastIndexOf('/')] : "";
                _places[path] = new TarPlace(0, 0, Normalize(target.StartsWith('/') ? target : $"{parent}/{target}"));
                break;
            default:
                break; // folders, and what no image archive has
        }
    }

    private byte[] ReadSmall(long size)
    {
        if (size > ContentLimits.MaxHeaderBytes)
        {
            throw new ContentException($"archive has an extended header of {size} bytes; the limit is {ContentLimits.MaxHeaderBytes}");
        }

        var bytes = new byte[size];
        ReadExactly(bytes, _offset);
        return bytes;
    }

    private void ReadExactly(Span<byte> buffer, long offset)
    {
        while (!buffer.IsEmpty)
        {
            var count = RandomAccess.Read(_file, buffer, offset);
            buffer = buffer[(count > 0 ? count : throw ByteReader.Truncated())..];
            offset += count;
        }
    }

    private static byte[] JoinName(TarHeader header) => header.Prefix.IsEmpty ? header.Name.ToArray() : [.. header.Prefix, (byte)'/', .. header.Name];

    private static string Text(byte[] name) => Encoding.UTF8.GetString(name).TrimEnd('\0');
}
