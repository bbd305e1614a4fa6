using System.Globalization;
using System.Text;

namespace CriShim.TestKit;

/// <summary>One entry of an archive as the bytes it is: headers that extend it, its header, its data.</summary>
public sealed record TarPiece(string Path, char Type, string LinkTarget, ReadOnlyMemory<byte> Bytes);

/// <summary>Takes archives apart without understanding more than it must, so that the pieces make the same files in other archives.</summary>
public static class TarEntries
{
    private const int BlockBytes = 512;

    public static IEnumerable<TarPiece> Read(ReadOnlyMemory<byte> archive)
    {
        var start = 0;
        string? path = null, link = null;
        for (var position = 0; position + BlockBytes <= archive.Length && archive.Span[position] != 0;)
        {
            var header = archive.Slice(position, BlockBytes);
            var size = (int)Octal(header.Span.Slice(124, 12));
            var data = archive.Slice(position + BlockBytes, size);
            position += BlockBytes + ((size + BlockBytes - 1) / BlockBytes * BlockBytes);
            var type = (char)header.Span[156];
            switch (type)
            {
                case 'x':
                    path = PaxValue(data.Span, "path") ?? path;
                    link = PaxValue(data.Span, "linkpath") ?? link;
                    continue;
                case 'L' or 'K' or 'g':
                    throw new NotSupportedException($"archive with a header of type {type}: make it with tar --format=pax");
                default:
                    path ??= Join(Text(header.Span.Slice(345, 155)), Text(header.Span[..100]));
                    yield return new TarPiece(path, type, link ?? Text(header.Span.Slice(157, 100)), archive[start..position]);
                    (path, link, start) = (null, null, position);
                    break;
            }
        }
    }

    /// <summary>An archive of these pieces.</summary>
    public static byte[] Write(IEnumerable<TarPiece> pieces)
    {
        using var archive = new MemoryStream();
        foreach (var piece in pieces)
        {
            archive.Write(piece.Bytes.Span);
        }

        archive.Write(new byte[2 * BlockBytes]);
        return archive.ToArray();
    }

    private static string? PaxValue(ReadOnlySpan<byte> records, string key)
    {
        while (!records.IsEmpty)
        {
            var space = records.IndexOf((byte)' ');
            var length = int.Parse(records[..space], CultureInfo.InvariantCulture);
            var record = Encoding.Latin1.GetString(records[(space + 1)..(length - 1)]);
            if (record.StartsWith(key + "=", StringComparison.Ordinal))
            {
                return record[(key.Length + 1)..];
            }

            records = records[length..];
        }

        return null;
    }

    private static string Join(string prefix, string name) => prefix.Length == 0 ? name : prefix + "/" + name;

    private static string Text(ReadOnlySpan<byte> field) => Encoding.Latin1.GetString(field).Split('\0')[0];

    private static long Octal(ReadOnlySpan<byte> field) => Convert.ToInt64(Text(field).Trim(), 8);
}
