using System.Globalization;
using System.Text;
using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>Archives and blobs that no honest builder makes, small to send and large to believe.</summary>
internal static class HostileArchives
{
    private const int BlockBytes = 512;
    private const string AnyDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

    /// <summary>One entry: its header and its data, if any, in whole blocks.</summary>
    public static byte[] Entry(string name, char type = '0', string link = "", byte[]? data = null, long? size = null, (int Major, int Minor) device = default)
    {
        data ??= [];
        var header = new byte[BlockBytes];
        Put(header, 0, name);
        PutOctal(header, 100, 8, 0x1ED);
        PutOctal(header, 108, 8, 0);
        PutOctal(header, 116, 8, 0);
        PutOctal(header, 124, 12, size ?? data.Length);
        PutOctal(header, 136, 12, 1);
        header[156] = (byte)type;
        Put(header, 157, link);
        Put(header, 257, "ustar\000");
        PutOctal(header, 329, 8, device.Major);
        PutOctal(header, 337, 8, device.Minor);
        Put(header, 148, "        ");
        PutOctal(header, 148, 7, header.Sum(b => b));
        return [.. header, .. data, .. new byte[-data.Length & (BlockBytes - 1)]];
    }

    public static byte[] Pax(string key, string value)
    {
        var rest = $" {key}={value}\n";
        var length = rest.Length + 1;
        while (length.ToString(CultureInfo.InvariantCulture).Length + rest.Length != length)
        {
            length++;
        }

        return Entry("pax", 'x', data: Encoding.ASCII.GetBytes(length.ToString(CultureInfo.InvariantCulture) + rest));
    }

    /// <summary>An image with one layer of these entries.</summary>
    public static ImageBuilder Image(params byte[][] entries) => new ImageBuilder().RawLayer([.. entries.SelectMany(entry => entry), .. new byte[2 * BlockBytes]]);

    /// <summary>An image with one layer of these compressed bytes.</summary>
    public static ImageBuilder Compressed(byte[] blob, LayerFormat format = LayerFormat.Gzip) => new ImageBuilder().Blob(blob, AnyDigest, format);

    /// <summary>The bytes as a gzip member, again and again.</summary>
    public static byte[] GzipTimes(byte[] bytes, int times) => [.. Enumerable.Repeat(ImageBuilder.Gzip(bytes), times).SelectMany(member => member)];

    /// <summary>A zstd frame (RFC 8878) of blocks that each say: 128 KB of zeros.</summary>
    public static byte[] ZstdZeros(int blocks, int windowLog)
    {
        const int RunLength = 1;
        const int BlockSize = 128 << 10;
        var frame = new List<byte>([0x28, 0xb5, 0x2f, 0xfd, 0, (byte)((windowLog - 10) << 3)]);
        for (var i = 0; i < blocks; i++)
        {
            var header = (i == blocks - 1 ? 1 : 0) | (RunLength << 1) | (BlockSize << 3);
            frame.AddRange([(byte)header, (byte)(header >> 8), (byte)(header >> 16), 0]);
        }

        return [.. frame];
    }

    private static void Put(byte[] header, int offset, string text) => Encoding.ASCII.GetBytes(text).CopyTo(header, offset);

    private static void PutOctal(byte[] header, int offset, int length, long value) =>
        Put(header, offset, Convert.ToString(value, 8).PadLeft(length - 1, '0'));
}
