using System.Text;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Images;

public class TarReaderTests
{
    [Fact]
    public void ReadNext_NoEndBlocks_IsTheEnd()
    {
        var bytes = new TarBuilder().File("a", "x").Build();
        Assert.Single(Entries(bytes[..1024]));
    }

    [Theory]
    [InlineData(812)]
    [InlineData(900)]
    public void ReadNext_NoPaddingAtTheEnd_IsTheEnd(int length)
    {
        var bytes = new TarBuilder().File("a", new string('x', 300)).Build(); // umoci insert leaves it out
        Assert.Equal(300, Assert.Single(Entries(bytes[..length])).Size);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(700)]
    [InlineData(100)]
    public void ReadNext_Truncated_IsRefused(int length)
    {
        var bytes = new TarBuilder().File("a", new string('x', 300)).Build();
        Assert.Throws<ContentException>(() => Entries(bytes[..length]));
    }

    [Fact]
    public void ReadNext_WrongChecksum_IsRefused()
    {
        var bytes = new TarBuilder().File("a").Build();
        bytes[0] ^= 1;
        Refused("checksum", bytes);
    }

    [Fact]
    public void ReadNext_HugeExtendedHeader_IsRefused()
    {
        Refused("extended header of", new TarBuilder().Entry("x", 'x', size: 1L << 32).Build());
        Refused("extended header of", new TarBuilder().Entry("x", 'L', size: 1L << 32).Build());
    }

    [Theory]
    [InlineData("5 a=1")]
    [InlineData("999999 a=1\n")]
    [InlineData("0 a=1\n")]
    [InlineData("x a=1\n")]
    [InlineData("6 a 1\n")]
    [InlineData("12 size=-10\n")]
    [InlineData("14 mtime=soon\n")]
    [InlineData("11 path=a\0\n")]
    [InlineData("16 SCHILY.xatt=")]
    public void ReadNext_MalformedPax_IsRefused(string records) =>
        Refused("", new TarBuilder().Entry("x", 'x', Encoding.UTF8.GetBytes(records)).File("f").Build());

    [Fact]
    public void ReadNext_UnknownType_IsRefused() => Refused("unknown type", new TarBuilder().Entry("x", 'Z').Build());

    [Fact]
    public void ReadNext_OwnerOutOfRange_IsRefused() => Refused("owner", new TarBuilder().Pax(("uid", "4294967295")).File("f").Build());

    [Fact]
    public void ReadNext_NegativeSize_IsRefused() => Refused("", new TarBuilder().Entry("f", '0', patch: h => h.AsSpan(124, 12).Fill(0xff)).Build());

    [Fact]
    public void ReadNext_GlobalHeaderAndVolumeLabel_AreSkipped()
    {
        var entries = Entries(new TarBuilder().Entry("g", 'g', "11 path=zz\n"u8.ToArray()).Entry("v", 'V').File("f").Build());
        Assert.Equal("f", Encoding.UTF8.GetString(Assert.Single(entries).Path));
    }

    [Fact]
    public void ReadNext_UstarPrefix_IsJoined()
    {
        var entry = Assert.Single(Entries(new TarBuilder().Entry("name", '0', patch: h => "pre/fix"u8.CopyTo(h.AsSpan(345))).Build()));
        Assert.Equal("pre/fix/name", Encoding.UTF8.GetString(entry.Path));
    }

    [Fact]
    public void ReadNext_StarPrefix_EndsBeforeItsTimes()
    {
        var entry = Assert.Single(Entries(new TarBuilder().Entry("name", '0', patch: h =>
        {
            "pre"u8.CopyTo(h.AsSpan(345));
            h.AsSpan(348, 128).Fill((byte)'x');
            "00000000001 "u8.CopyTo(h.AsSpan(476));
            "tar\0"u8.CopyTo(h.AsSpan(508));
        }).Build()));
        Assert.Equal("pre" + new string('x', 128) + "/name", Encoding.UTF8.GetString(entry.Path));
    }

    [Fact]
    public void ReadNext_EmptyPaxValues_LeaveTheHeadersWord()
    {
        var entry = Assert.Single(Entries(new TarBuilder()
            .Pax(("path", "x"), ("path", ""), ("size", "9"), ("size", ""), ("uid", ""), ("gid", ""), ("mtime", ""), ("linkpath", "")).File("f", "12345", mtime: 77).Build()));
        Assert.Equal(("f", 5L, 77L), (Encoding.UTF8.GetString(entry.Path), entry.Size, entry.ModifiedSeconds));
    }

    [Fact]
    public void ReadNext_OtherPaxKeys_ArePassedOver()
    {
        var entry = Assert.Single(Entries(new TarBuilder()
            .Pax(("hdrcharset", "BINARY"), ("atime", "1"), ("ctime", "2"), ("uname", "u"), ("gname", "g"), ("comment", "c"), ("SCHILY.fflags", "x"),
                ("LIBARCHIVE.xattr.user.a", "eA=="), ("SCHILY.acl.access", "y"), ("SCHILY.xattr.user.a", "x")).File("f").Build()));
        Assert.Equal("user.a\0", Encoding.UTF8.GetString(Assert.Single(entry.Xattrs).Name));
    }

    [Fact]
    public void ReadNext_ManyExtensionHeaders_AreRefused()
    {
        var archive = new TarBuilder();
        for (var i = 0; i < 9; i++)
        {
            archive.Pax(("SCHILY.xattr.user.a", new string('x', 60_000)));
        }

        Refused("extension headers", archive.File("f").Build());
    }

    [Fact]
    public void ReadNext_ManyXattrs_AreRefused() =>
        Refused("extended attributes", new TarBuilder().Pax([.. Enumerable.Range(0, 257).Select(i => ($"SCHILY.xattr.user.{i}", ""))]).File("f").Build());

    [Fact]
    public void ReadNext_SparseFormats_GiveTheSameMap()
    {
        SparseRegion[] expected = [new(1000, 3), new(5000, 2), new(9000, 0)];
        var data = "abcde"u8.ToArray();
        var old = new TarBuilder().Entry("f", 'S', data, patch: header =>
        {
            for (var i = 0; i < expected.Length; i++)
            {
                TarBuilder.PutOctal(header, 386 + (24 * i), 12, expected[i].Offset);
                TarBuilder.PutOctal(header, 398 + (24 * i), 12, expected[i].Length);
            }

            TarBuilder.PutOctal(header, 483, 12, 9000);
        });
        var pax01 = new TarBuilder().Pax(("GNU.sparse.map", "1000,3,5000,2,9000,0"), ("GNU.sparse.size", "9000"), ("GNU.sparse.name", "f")).File("tmp", "abcde");
        var map = new byte[512];
        "3\n1000\n3\n5000\n2\n9000\n0\n"u8.CopyTo(map);
        var pax10 = new TarBuilder()
            .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "9000"), ("GNU.sparse.name", "f")).Entry("tmp", '0', [.. map, .. data]);
        foreach (var archive in new[] { old, pax01, pax10 })
        {
            var entry = Assert.Single(Entries(archive.Build()));
            Assert.Equal(expected, entry.Sparse);
            Assert.Equal((9000L, 5L, "f"), (entry.Size, entry.StoredSize, Encoding.UTF8.GetString(entry.Path)));
        }
    }

    [Theory]
    [InlineData("10,5,12,5", "100")]
    [InlineData("10,5,200,5", "100")]
    [InlineData("10,500", "1000")]
    [InlineData("10", "100")]
    [InlineData("10,5,9223372036854775807,5", "9223372036854775807")]
    public void ReadNext_WrongSparseMap_IsRefused(string map, string size) =>
        Refused("sparse", new TarBuilder().Pax(("GNU.sparse.map", map), ("GNU.sparse.size", size)).File("f", "0123456789").Build());

    [Fact]
    public void ReadNext_SparseBomb_IsRefused()
    {
        var map = string.Join(',', Enumerable.Range(0, ContentLimits.MaxSparseRegions + 1).Select(i => $"{i},0"));
        Refused("sparse regions", new TarBuilder().Pax(("GNU.sparse.map", map)).File("f").Build());
    }

    private static List<TarEntry> Entries(byte[] archive)
    {
        using var stream = new MemoryStream(archive);
        var reader = new TarReader(new StreamSource(stream, 77));
        var entries = new List<TarEntry>();
        while (reader.ReadNext() is { } entry)
        {
            entries.Add(entry);
        }

        return entries;
    }

    private static void Refused(string problem, byte[] archive) =>
        Assert.Contains(problem, Assert.Throws<ContentException>(() => Entries(archive)).Message);
}
