using System.Runtime.Versioning;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Images;

[SupportedOSPlatform("linux")]
public sealed class LayerApplierTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public LayerApplierTests() => Directory.CreateDirectory(_folder["layer"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Apply_FilesFoldersLinks_AreThere()
    {
        var usage = Apply(new TarBuilder().Folder("a/", 0x1C0, 42).File("a/f", "hello", 0x9ED, 43).HardLink("a/g", "a/f").SymbolicLink("s", "a/f"));
        Assert.Equal("hello", File.ReadAllText(Path("a/g")));
        Assert.Equal("a/f", new FileInfo(Path("s")).LinkTarget);
        Assert.Equal((UnixFileMode)0x9ED, File.GetUnixFileMode(Path("a/f")));
        Assert.Equal((UnixFileMode)0x1C0, File.GetUnixFileMode(Path("a")));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(43), File.GetLastWriteTimeUtc(Path("a/g")));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(42), Directory.GetLastWriteTimeUtc(Path("a")));
        Assert.Equal(8192, usage.Bytes);
    }

    [Fact]
    public void Apply_MissingParents_AreMade()
    {
        Apply(new TarBuilder().File("a/b/c/f", "x"));
        Assert.Equal("x", File.ReadAllText(Path("a/b/c/f")));
        Assert.Equal((UnixFileMode)0x1ED, File.GetUnixFileMode(Path("a/b")));
    }

    [Fact]
    public void Apply_LeadingSlashAndDots_MeanNothing()
    {
        Apply(new TarBuilder().Folder("./").File("/etc/./passwd", "x").File(".//f", "y"));
        Assert.Equal("x", File.ReadAllText(Path("etc/passwd")));
        Assert.Equal("y", File.ReadAllText(Path("f")));
    }

    [Fact]
    public void Apply_LongNames_GnuAndPax()
    {
        var gnu = string.Join('/', Enumerable.Repeat(new string('g', 60), 4));
        var pax = string.Join('/', Enumerable.Repeat(new string('p', 60), 4));
        Apply(new TarBuilder().LongName(gnu).File("short", "1").Pax(("path", pax), ("mtime", "12.5")).File("short", "2").LongLink(gnu).SymbolicLink("l", "x"));
        Assert.Equal("1", File.ReadAllText(Path(gnu)));
        Assert.Equal("2", File.ReadAllText(Path(pax)));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(12.5), File.GetLastWriteTimeUtc(Path(pax)));
        Assert.Equal(gnu, new FileInfo(Path("l")).LinkTarget);
    }

    [Fact]
    public void Apply_DuplicateEntries_LastWins()
    {
        Apply(new TarBuilder().File("f", "1").File("f", "2").Folder("d/").File("d/x").File("d", "now a file").File("e", "").Folder("e/").File("e/y", "z")
            .SymbolicLink("l", "f").File("l", "no longer a link"));
        Assert.Equal("2", File.ReadAllText(Path("f")));
        Assert.Equal("now a file", File.ReadAllText(Path("d")));
        Assert.Equal("z", File.ReadAllText(Path("e/y")));
        Assert.Equal("no longer a link", File.ReadAllText(Path("l")));
        Assert.Null(new FileInfo(Path("l")).LinkTarget);
    }

    [Fact]
    public void Apply_HardLinkBeforeItsTarget_IsMade()
    {
        Apply(new TarBuilder().HardLink("first", "second").File("second", "x"));
        Assert.Equal("x", File.ReadAllText(Path("first")));
    }

    [Fact]
    public void Apply_EntriesThroughSymbolicLink_StayInTheLayer()
    {
        Apply(new TarBuilder().Folder("usr/lib/").SymbolicLink("lib", "usr/lib").File("lib/f", "x")
            .SymbolicLink("out", _folder["outside"]).SymbolicLink("up", "../../../../../../../tmp")
            .Folder(_folder["outside"][1..] + "/").File("out/f", "contained").Folder("tmp/").File("up/g", "contained"));
        Assert.Equal("x", File.ReadAllText(Path("usr/lib/f")));
        Assert.False(Directory.Exists(_folder["outside"]));
        Assert.Equal("contained", File.ReadAllText(Path(_folder["outside"][1..] + "/f")));
        Assert.Equal("contained", File.ReadAllText(Path("tmp/g")));
    }

    [Fact]
    public void Apply_LinkSwappedForAFolder_IsNotFollowed()
    {
        _folder.Write("outside/secret", "untouched");
        Apply(new TarBuilder().SymbolicLink("a", _folder["outside"]).Folder("a/").File("a/secret", "mine", 0x1FF));
        Assert.Equal("untouched", File.ReadAllText(_folder["outside/secret"]));
        Assert.Equal("mine", File.ReadAllText(Path("a/secret")));
    }

    [Fact]
    public void Apply_FileOverSymbolicLinkToOutside_LeavesTheOutside()
    {
        _folder.Write("outside/secret", "untouched");
        Apply(new TarBuilder().SymbolicLink("f", _folder["outside/secret"]).File("f", "x", 0x1FF));
        Assert.Equal("untouched", File.ReadAllText(_folder["outside/secret"]));
    }

    [Fact]
    public void Apply_HardLinkThroughSymbolicLinkToOutside_IsRefused()
    {
        _folder.Write("outside/secret", "untouched");
        Refused("does not have", new TarBuilder().SymbolicLink("out", _folder["outside"]).HardLink("f", "out/secret"));
        Refused("does not have", new TarBuilder().HardLink("f", _folder["outside/secret"]));
    }

    [Theory]
    [InlineData("../f")]
    [InlineData("a/../../f")]
    [InlineData("..")]
    public void Apply_NameWithDotDot_IsRefused(string name) => Refused("leaves the layer", new TarBuilder().File(name));

    [Theory]
    [InlineData("../f")]
    [InlineData("a/../../f")]
    public void Apply_HardLinkTargetWithDotDot_IsRefused(string target) => Refused("leaves the layer", new TarBuilder().HardLink("f", target));

    [Fact]
    public void Apply_EntryBelowAFile_IsRefused() => Refused("cannot be unpacked", new TarBuilder().File("f").File("f/g"));

    [Fact]
    public void Apply_SymbolicLinkLoop_IsRefused() =>
        Refused("cannot be unpacked", new TarBuilder().SymbolicLink("a", "b").SymbolicLink("b", "a").File("a/f"));

    [Fact]
    public void Apply_HardLinkToFolder_IsRefused() => Refused("no file", new TarBuilder().Folder("d/").HardLink("f", "d"));

    [Fact]
    public void Apply_RootReplaced_IsRefused() => Refused("", new TarBuilder().SymbolicLink("./", "/etc"));

    [Theory]
    [InlineData(".wh.")]
    [InlineData(".wh..")]
    [InlineData(".wh...")]
    public void Apply_WhiteoutOfNothing_IsRefused(string name) => Refused("whiteout", new TarBuilder().File(name));

    [Fact]
    public void Apply_MoreBytesThanAllowed_IsRefused() =>
        Assert.Contains("more than", Assert.Throws<ContentException>(() => Apply(new TarBuilder().File("a", new string('x', 5000)), 4096)).Message);

    [Fact]
    public void Apply_FoldersWithoutEntry_AreToldAndHaveNoTimeOfTheirOwn()
    {
        var usage = Apply(new TarBuilder().Folder("real/").SymbolicLink("link", "real").File("link/x/f").File("a/b/f").Folder("a/", mtime: 7).File("gone/f").File("gone"));
        Assert.Equal(["a/b", "gone", "real/x"], ImpliedFolders.Parse(usage.Implied!.ToBytes()).Select(System.Text.Encoding.UTF8.GetString));
        Assert.Equal(DateTime.UnixEpoch, Directory.GetLastWriteTimeUtc(Path("a/b")));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(7), Directory.GetLastWriteTimeUtc(Path("a")));
    }

    [Fact]
    public void Apply_Sparse_HasHolesAndData()
    {
        var map = new byte[512];
        "2\n1000\n3\n5000000\n2\n"u8.CopyTo(map);
        Apply(
            new TarBuilder().Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "9000000"), ("GNU.sparse.name", "f"))
                .Entry("tmp", '0', [.. map, .. "abcde"u8]), 10_000_000);
        var bytes = File.ReadAllBytes(Path("f"));
        Assert.Equal(9_000_000, bytes.Length);
        Assert.Equal("abc"u8, bytes.AsSpan(1000, 3));
        Assert.Equal("de"u8, bytes.AsSpan(5_000_000, 2));
        Assert.Equal(5, bytes.Count(b => b != 0));
    }

    [Fact]
    public void Apply_SparseFileLargerThanAllowed_IsRefused() =>
        Refused("more than", new TarBuilder().Pax(("GNU.sparse.map", "0,1"), ("GNU.sparse.size", "1000000000000"), ("GNU.sparse.name", "f")).File("f", "x"));

    [Fact]
    public void Apply_TimesBefore1970AndNanoseconds_AreKept()
    {
        Apply(new TarBuilder().Pax(("mtime", "-1.5")).File("old").Pax(("mtime", "1700000000.123456789")).File("f"));
        Assert.Equal(DateTime.UnixEpoch.AddSeconds(-1.5), File.GetLastWriteTimeUtc(Path("old")));
        Assert.Equal(DateTime.UnixEpoch.AddTicks(17000000001234567), File.GetLastWriteTimeUtc(Path("f")));
    }

    [RootFact]
    public void Apply_Whiteouts_BecomeOverlays()
    {
        Apply(new TarBuilder().File(".wh.gone").File("d/.wh..wh..opq").File("kept", "x").File(".wh.kept").Folder("folder/").File(".wh.folder")
            .File(".wh.late").File("late", "y").File(".wh..wh.plnk"));
        Assert.Equal("character special file 0 0", Shell("stat -c '%F %t %T' gone"));
        Assert.Equal("y", Shell("getfattr --only-values -n trusted.overlay.opaque d 2>/dev/null || python3 -c \"import os; print(os.getxattr('d','trusted.overlay.opaque').decode())\""));
        Assert.Equal("y", Shell("python3 -c \"import os; print(os.getxattr('folder','trusted.overlay.opaque').decode())\""));
        Assert.Equal("x", File.ReadAllText(Path("kept")));
        Assert.Equal("y", File.ReadAllText(Path("late")));
        Assert.False(File.Exists(Path(".wh..wh.plnk")));
    }

    [RootFact]
    public void Apply_DevicesOwnersXattrs_AreSet()
    {
        Apply(new TarBuilder().Entry("null", '3', major: 1, minor: 3, mode: 0x1B6).Entry("fifo", '6', mode: 0x1A4)
            .Pax(("uid", "3000000"), ("SCHILY.xattr.user.x", "v"), ("SCHILY.xattr.trusted.overlay.redirect", "/etc")).File("f", "", 0x9ED)
            .Entry("big", '0', uid: 0, patch: h =>
            {
                h.AsSpan(108, 8).Clear();
                h[108] = 0x80;
                h[113] = 1;
            }));
        Assert.Equal("character special file 1 3 666", Shell("stat -c '%F %t %T %a' null"));
        Assert.Equal("fifo 644", Shell("stat -c '%F %a' fifo"));
        Assert.Equal("3000000 4755", Shell("stat -c '%u %a' f"));
        Assert.Equal("65536", Shell("stat -c %u big"));
        Assert.Equal("['user.x']", Shell("python3 -c \"import os; print(os.listxattr('f'))\""));
    }

    private LayerUsage Apply(TarBuilder archive, long maxBytes = 1 << 20)
    {
        using var layer = new LayerFolder(_folder["layer"]);
        using var stream = new MemoryStream(archive.Build());
        return new LayerApplier(new TarReader(new StreamSource(stream, 100)), layer, maxBytes).Apply();
    }

    private void Refused(string problem, TarBuilder archive) =>
        Assert.Contains(problem, Assert.Throws<ContentException>(() => Apply(archive)).Message);

    private string Path(string name) => System.IO.Path.Combine(_folder["layer"], name);

    private string Shell(string command)
    {
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("/bin/sh", ["-c", command])
        {
            WorkingDirectory = _folder["layer"],
            RedirectStandardOutput = true,
        })!;
        return shell.StandardOutput.ReadToEnd().Trim();
    }
}
