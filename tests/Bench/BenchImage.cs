using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using CriShim.TestKit;

namespace CriShim.Bench;

/// <summary>
/// An image like a distribution's with an application on top: 8 layers, about 160 MB, thousands of small texts and some large binaries;
/// always the same bytes.
/// </summary>
internal static class BenchImage
{
    private const int Layers = 8;
    private const int TextsPerFolder = 40;

    // Files of text, and megabytes of binaries, of each layer.
    private static readonly (int Texts, int Binaries)[] s_shape = [(2500, 12), (1500, 8), (400, 25), (400, 10), (200, 30), (100, 15), (60, 20), (20, 25)];

    /// <summary>The layers' archives.</summary>
    public static List<byte[]> MakeArchives() => [.. Enumerable.Range(0, Layers).Select(MakeArchive)];

    public static ImageBuilder Build(IEnumerable<byte[]> archives, LayerFormat format)
    {
        var image = new ImageBuilder();
        foreach (var archive in archives)
        {
            image.RawLayer(archive, format, CompressionLevel.Optimal);
        }

        return image;
    }

    private static byte[] MakeArchive(int layer)
    {
        var random = new Random(layer);
        using var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            var (texts, binaries) = s_shape[layer];
            Folder(tar, "usr");
            Folder(tar, $"usr/l{layer}");
            for (var i = 0; i < texts; i++)
            {
                if (i % TextsPerFolder == 0)
                {
                    Folder(tar, $"usr/l{layer}/d{i / TextsPerFolder}");
                }

                File(tar, $"usr/l{layer}/d{i / TextsPerFolder}/text{i}", Text(random, 200 + (int)(12_000 * Math.Pow(random.NextDouble(), 2))), 0x1A4);
            }

            for (var left = binaries << 20; left > 0;)
            {
                var size = Math.Min(left, (64 << 10) + random.Next(4 << 20));
                File(tar, $"usr/l{layer}/binary{left}", Binary(random, size), 0x1ED);
                left -= size;
            }
        }

        return archive.ToArray();
    }

    private static void Folder(TarWriter tar, string path) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, path + "/") { Mode = (UnixFileMode)0x1ED, ModificationTime = DateTimeOffset.UnixEpoch });

    private static void File(TarWriter tar, string path, byte[] content, int mode) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, path)
        {
            Mode = (UnixFileMode)mode,
            ModificationTime = DateTimeOffset.UnixEpoch,
            DataStream = new MemoryStream(content),
        });

    /// <summary>Words of a small vocabulary: a third when compressed.</summary>
    private static byte[] Text(Random random, int size)
    {
        var text = new StringBuilder(size + 16);
        while (text.Length < size)
        {
            var word = (int)(4000 * Math.Pow(random.NextDouble(), 3));
            text.Append((char)('a' + (word % 26))).Append(Convert.ToString(word, 16)).Append((char)('a' + (word / 160))).Append(word % 11 == 0 ? '\n' : ' ');
        }

        return Encoding.ASCII.GetBytes(text.ToString())[..size];
    }

    /// <summary>Like machine code: runs of random bytes and repetitions of earlier ones; some half when compressed.</summary>
    private static byte[] Binary(Random random, int size)
    {
        var bytes = new byte[size];
        for (var position = 0; position < size;)
        {
            var length = Math.Min(size - position, 4 + random.Next(28));
            if (position > 1024 && random.Next(100) < 45)
            {
                bytes.AsSpan(position - 1 - random.Next(Math.Min(position - 1, 20_000)) is var from && from + length <= position ? from : position - length, length)
                    .CopyTo(bytes.AsSpan(position));
            }
            else
            {
                random.NextBytes(bytes.AsSpan(position, length));
            }

            position += length;
        }

        return bytes;
    }
}
