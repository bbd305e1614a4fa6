using System.IO.Compression;
using CriShim.Spdy;

namespace CriShim.CriServer.Tests.Spdy;

public sealed class HeaderBlockTests
{
    // zlib 1.2.13, level 9, with the dictionary preset: {streamtype: stdin, version: HTTP/1.1}, then {streamtype: stdout}
    private const string First = "78f9e3c6a7c202e50e703a2b294a4dcc851625acc525c03c81239902000000ffff";
    private const string Second = "02b219317400d3784a7e6909000000ffff";

    [Fact]
    public void Read_BlocksOfOneZlibStream_GivesTheirPairs()
    {
        using var reader = new HeaderBlockReader(new SpdyLimits());
        var first = reader.Read(Convert.FromHexString(First));
        Assert.Equal(("stdin", "HTTP/1.1", 2), (first["streamtype"], first["version"], first.Count));
        Assert.Equal("stdout", Assert.Single(reader.Read(Convert.FromHexString(Second))).Value);
    }

    [Fact]
    public void Dictionary_HasTheProtocolsChecksum()
    {
        uint a = 1, b = 0;
        foreach (var value in HeaderDictionary.Bytes)
        {
            a = (a + value) % 65521;
            b = (b + a) % 65521;
        }

        Assert.Equal((1423, HeaderDictionary.Id), (HeaderDictionary.Bytes.Length, b << 16 | a));
    }

    [Fact]
    public void Empty_Twice_AreStoredBlocksWithTheDictionary()
    {
        var writer = new HeaderBlockWriter();
        Assert.Equal("7820E3C6A7C2" + "000400FBFF00000000" + "000000FFFF", Convert.ToHexString(writer.Empty()));
        Assert.Equal("000400FBFF00000000" + "000000FFFF", Convert.ToHexString(writer.Empty()));
    }

    [Fact]
    public void Read_OwnBlocks_AreEmpty()
    {
        using var reader = new HeaderBlockReader(new SpdyLimits());
        var writer = new HeaderBlockWriter();
        Assert.Empty(reader.Read(writer.Empty()));
        Assert.Empty(reader.Read(writer.Empty()));
    }

    [Theory]
    [InlineData("", "does not begin")]
    [InlineData("7920", "does not begin")]
    [InlineData("78f9e3c6a7c3", "unknown dictionary")]
    [InlineData("78f9e3c6a7", "unknown dictionary")]
    [InlineData("78f9e3c6a7c2", "ends too early")]
    [InlineData("78f9e3c6a7c2ffff", "malformed")]
    [InlineData("7820e3c6a7c2" + "000400fbff00000001" + "000000ffff", "ends too early")]
    [InlineData("7820e3c6a7c2" + "000400fbff00000041" + "000000ffff", "65 names")]
    [InlineData("7820e3c6a7c2" + "000500faff0000000000" + "000000ffff", "longer than its pairs")]
    [InlineData("7820e3c6a7c2" + "000800f7ff00000001ffffffff" + "000000ffff", "too large")]
    [InlineData("7820e3c6a7c2" + "000c00f3ff000000010000000000000000" + "000000ffff", "empty or repeated")]
    public void Read_Malformed_IsRefused(string block, string cause)
    {
        using var reader = new HeaderBlockReader(new SpdyLimits());
        var error = Assert.Throws<SpdyException>(() => reader.Read(Convert.FromHexString(block)));
        Assert.Contains(cause, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Bomb_IsRefusedBeforeItUnfolds()
    {
        using var compressed = new MemoryStream();
        compressed.Write([0x78, 0x9c]);
        using (var deflate = new DeflateStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflate.Write([0, 0, 0, 1, 0, 0, 0, 1, (byte)'a', 1, 0, 0, 0]); // a value of 16 MiB
            deflate.Write(new byte[16 << 20]);
        }

        Assert.InRange(compressed.Length, 1, new SpdyLimits().MaxControlFrameBytes);
        using var reader = new HeaderBlockReader(new SpdyLimits());
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<SpdyException>(() => reader.Read(compressed.ToArray()));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }
}
