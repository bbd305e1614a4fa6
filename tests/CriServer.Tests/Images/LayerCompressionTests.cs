using System.IO.Compression;
using System.Security.Cryptography;
using CriShim.CriServer.Images.Layers;
using CriShim.Linux;

namespace CriShim.CriServer.Tests.Images;

public class LayerCompressionTests
{
    // zstd -19 of "hello, hello, hello, hello, layers\n" with checksum; a skippable frame of 3 bytes; a frame header that asks for 64 MB.
    private static readonly byte[] s_zstd = Convert.FromHexString("28b52ffd0468a500007068656c6c6f2c206c61796572730a0100fa8a116cee3f08");
    private static readonly byte[] s_skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    private static readonly byte[] s_hugeWindow = [0x28, 0xb5, 0x2f, 0xfd, 0x00, (26 - 10) << 3, 0x01, 0x00, 0x00];
    private const string Text = "hello, hello, hello, hello, layers\n";

    private static readonly byte[] s_large = Large();

    [Fact]
    public void Read_Plain_IsAsItComes() => Assert.Equal(s_large, Decode(s_large));

    [Theory]
    [InlineData(CompressionLevel.Fastest)]
    [InlineData(CompressionLevel.SmallestSize)]
    [InlineData(CompressionLevel.NoCompression)]
    public void Read_Gzip_IsDecoded(CompressionLevel level) => Assert.Equal(s_large, Decode(Gzip(s_large, level)));

    [Fact]
    public void Read_GzipMembers_AreAllDecoded()
    {
        byte[] twice = [.. Gzip(s_large), .. Gzip([]), .. Gzip(s_large)];
        Assert.Equal([.. s_large, .. s_large], Decode(twice));
        Assert.Equal([.. s_large, .. s_large], Decode(twice, 1 << 20));
    }

    [Fact]
    public void Read_GzipThenPaddingOrGarbage_IsIgnored()
    {
        Assert.Equal(s_large, Decode([.. Gzip(s_large), .. new byte[1000]]));
        Assert.Equal(s_large, Decode([.. Gzip(s_large), .. "garbage"u8]));
    }

    [Fact]
    public void Read_GzipWithNameCommentAndExtra_IsDecoded()
    {
        var plain = Gzip(s_large);
        byte[] full = [0x1f, 0x8b, 8, 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 4, 0, .. "xtra"u8, .. "name\0"u8, .. "comment\0"u8, .. plain[10..]];
        Assert.Equal(s_large, Decode(full));
    }

    [Fact]
    public void Read_GzipOfWrongChecksumOrLength_IsRefused()
    {
        foreach (var fromEnd in new[] { 1, 8 })
        {
            var wrong = Gzip(s_large);
            wrong[^fromEnd] ^= 1;
            Assert.Throws<InvalidDataException>(() => Decode(wrong));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(9)]
    [InlineData(1000)]
    public void Read_TruncatedGzip_IsRefused(int missing) => Assert.Throws<InvalidDataException>(() => Decode(Gzip(s_large)[..^missing]));

    [Fact]
    public void Read_Zstd_IsDecoded() => Assert.Equal(Text, DecodeText(s_zstd));

    [Fact]
    public void Read_ZstdFramesAndSkippableOnes_AreAllDecoded() =>
        Assert.Equal(Text + Text, DecodeText([.. s_skippable, .. s_zstd, .. s_skippable, .. s_zstd, .. s_skippable]));

    [Fact]
    public void Read_ZstdOfWrongChecksum_IsRefused()
    {
        var wrong = s_zstd.ToArray();
        wrong[^1] ^= 1;
        Assert.Contains("checksum", Assert.Throws<InvalidDataException>(() => Decode(wrong)).Message);
    }

    [Fact]
    public void Read_TruncatedZstd_IsRefused() => Assert.Throws<InvalidDataException>(() => Decode(s_zstd[..^1]));

    [Fact]
    public void Read_GarbageAfterZstd_IsRefused() => Assert.Throws<InvalidDataException>(() => Decode([.. s_zstd, .. new byte[512]]));

    [Fact]
    public void Read_ZstdOfHugeWindow_IsRefused() =>
        Assert.Contains("too much memory", Assert.Throws<InvalidDataException>(() => Decode(s_hugeWindow)).Message);

    [Fact]
    public void IsAvailable_Isal_IsThere() => Assert.True(GzipDecoder.IsAvailable, "libisal2 is not installed: run hack/install-deps.sh");

    private static string DecodeText(byte[] bytes) => System.Text.Encoding.UTF8.GetString(Decode(bytes));

    private static byte[] Decode(byte[] bytes, int blockBytes = 100)
    {
        using var stream = new MemoryStream(bytes);
        using var decoded = LayerCompression.Open(new SourceStream(new StreamSource(stream, blockBytes)));
        using var result = new MemoryStream();
        decoded.CopyTo(result);
        return result.ToArray();
    }

    private static byte[] Gzip(byte[] bytes, CompressionLevel level = CompressionLevel.Optimal)
    {
        using var result = new MemoryStream();
        using (var gzip = new GZipStream(result, level))
        {
            gzip.Write(bytes);
        }

        return result.ToArray();
    }

    /// <summary>Some of it can be compressed and some cannot.</summary>
    private static byte[] Large()
    {
        var block = new byte[50_000];
        RandomNumberGenerator.Fill(block);
        return [.. block, .. new byte[300_000], .. block, .. "layers layers "u8, .. block.AsSpan(0, 20_000)];
    }
}
