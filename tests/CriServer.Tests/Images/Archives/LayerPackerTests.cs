using CriShim.CriServer.Images.Archives;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Linux;

namespace CriShim.CriServer.Tests.Images.Archives;

public sealed class LayerPackerTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RootFact]
    public void Pack_UnpackedLayer_HasAllOfItsEntries()
    {
        var archive = new TarBuilder().Folder("./", 0x1C0, 5).Folder("a/").Entry("a/.wh..wh..opq", '0').Entry(".wh.gone", '0').File("a/z", "z", 0x9ED)
            .HardLink("b", "a/z").Entry("dev", '3', major: 1, minor: 3).Entry("fifo", '6').Pax(("SCHILY.xattr.user.k", "v"), ("mtime", "3.25"))
            .File("x", new string('x', 3000)).Entry("o", '0', uid: 2_097_151).Build();
        Unpack("first", archive);
        var packed = Pack("first");
        Unpack("second", packed);
        Assert.Equal(packed, Pack("second"));
        Assert.Equal(
            ["./", ".wh.gone", "a/", "a/.wh..wh..opq", "a/z", "b", "dev", "fifo", "o", "x"],
            Entries(packed).Select(e => System.Text.Encoding.UTF8.GetString(e.Path)).Order(StringComparer.Ordinal));
        var link = Entries(packed).Single(e => e.Type == TarEntryType.HardLink);
        Assert.Equal(("b", "a/z"), (System.Text.Encoding.UTF8.GetString(link.Path), System.Text.Encoding.UTF8.GetString(link.LinkTarget)));
        var x = Entries(packed).Single(e => e.Path.AsSpan().SequenceEqual("x"u8));
        Assert.Equal((3, 250_000_000, 3000L), (x.ModifiedSeconds, x.ModifiedNanoseconds, x.Size));
        Assert.Equal("v"u8, Assert.Single(x.Xattrs).Value);
        Assert.Equal(2_097_151u, Entries(packed).Single(e => e.Path.AsSpan().SequenceEqual("o"u8)).Uid);
    }

    [Fact]
    public void Pack_RootWithoutAnEntryOfItsOwn_GetsNone()
    {
        Unpack("layer", new TarBuilder().File("f").Build());
        Assert.Equal("f"u8, Assert.Single(Entries(Pack("layer"))).Path);
    }

    private void Unpack(string name, byte[] archive)
    {
        Directory.CreateDirectory(_folder[name]);
        File.SetUnixFileMode(_folder[name], (UnixFileMode)0x1ED);
        using var folder = new LayerFolder(_folder[name]);
        new LayerApplier(new TarReader(new StreamSource(new MemoryStream(archive))), folder, 1 << 20).Apply();
    }

    private byte[] Pack(string name)
    {
        using var bytes = new MemoryStream();
        using var root = Fd.Open(_folder[name], Linux.LibC.Files.O_RDONLY | Linux.LibC.Files.O_DIRECTORY);
        new LayerPacker(new TarOutput(bytes), _ => false).Pack(root);
        return bytes.ToArray();
    }

    private static List<TarEntry> Entries(byte[] archive)
    {
        var reader = new TarReader(new StreamSource(new MemoryStream(archive)));
        var entries = new List<TarEntry>();
        while (reader.ReadNext() is { } entry)
        {
            entries.Add(entry);
        }

        return entries;
    }
}
