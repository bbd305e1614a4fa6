using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Images.Snapshots;
using CriShim.CriServer.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Tests.Images;

public sealed class SnapshotBackendTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RootFact]
    public void Mount_OverlayLayerByLayer_ShowsTheLayers() => ShowsTheLayers(new OverlayBackend(["volatile"], layerByLayer: true));

    [RootFact]
    public void Mount_OverlayByString_ShowsTheLayersAndLeavesNoMount()
    {
        var before = File.ReadAllLines("/proc/self/mountinfo").Length;
        ShowsTheLayers(new OverlayBackend([], layerByLayer: false));
        Assert.Equal(before, File.ReadAllLines("/proc/self/mountinfo").Length);
    }

    [RootFact]
    public void Mount_Copy_ShowsTheLayers() => ShowsTheLayers(new CopyBackend());

    [RootFact]
    public void Mount_NoLayers_IsEmptyAndWritable()
    {
        var backend = new OverlayBackend([], layerByLayer: true);
        Directory.CreateDirectory(_folder["c"]);
        backend.Prepare(_folder["c"], []);
        using var mount = backend.Mount(_folder["c"], []);
        Assert.Empty(Directory.EnumerateFileSystemEntries(PathOf(mount)));
        File.WriteAllText(PathOf(mount) + "/f", "x");
        Assert.True(File.Exists(backend.WritableFolder(_folder["c"]) + "/f"));
    }

    [RootFact]
    public void Mount_AsManyLayersAsAnImageMayHave_AreAllThere()
    {
        var layers = Enumerable.Range(0, ContentLimits.MaxLayers).Select(i => Path.GetDirectoryName(_folder.Write($"l{i}/f{i}", "x"))!).ToList();
        foreach (var backend in new[] { new OverlayBackend([], layerByLayer: true), new OverlayBackend([], layerByLayer: false) })
        {
            var folder = Directory.CreateDirectory(_folder[$"c{Guid.NewGuid():N}"]).FullName;
            backend.Prepare(folder, layers);
            using var mount = backend.Mount(folder, layers);
            Assert.Equal(layers.Count, Directory.EnumerateFiles(PathOf(mount)).Count());
        }
    }

    [RootFact]
    public void Mount_ByString_LeavesTheWorkingFolder()
    {
        var before = Environment.CurrentDirectory;
        var backend = new OverlayBackend([], layerByLayer: false);
        backend.Prepare(Directory.CreateDirectory(_folder["c"]).FullName, []);
        backend.Mount(_folder["c"], []).Dispose();
        Assert.Equal(before, Environment.CurrentDirectory);
    }

    [Fact]
    public void Quota_FileSystemWithout_IsAnErrorThatSaysWhatIsNeeded()
    {
        var error = Assert.Throws<CriException>(() => SnapshotQuota.Open(
            _folder.FullPath, new ImageOptions { ContainerQuotaBytes = 1 << 20 }, new CopyBackend(), NullLogger.Instance));
        Assert.Equal(CriErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains("prjquota", error.Message);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.FullPath));
    }

    [Fact]
    public void Quota_NotAskedFor_IsNone() => Assert.Null(SnapshotQuota.Open(_folder.FullPath, new ImageOptions(), new CopyBackend(), NullLogger.Instance));

    private void ShowsTheLayers(ISnapshotBackend backend)
    {
        string[] layers =
        [
            Layer("low", new TarBuilder().Folder("./", 0x1C0).File("gone").File("kept", "low").Folder("opaque/").File("opaque/hidden").Folder("merged/").File("merged/a")
                .Folder("file/").File("file/x")),
            Layer("high", new TarBuilder().Folder("./", 0x1E8).File(".wh.gone").Folder("opaque/").File("opaque/.wh..wh..opq").File("opaque/new").File("merged/b", "b")
                .HardLink("merged/c", "merged/b").File("file", "now a file")),
        ];
        Directory.CreateDirectory(_folder["c"]);
        backend.Prepare(_folder["c"], layers);
        using var mount = backend.Mount(_folder["c"], layers);
        var root = PathOf(mount);
        Assert.Equal(["file", "kept", "merged", "opaque"], Names(root));
        Assert.Equal(["new"], Names(root + "/opaque"));
        Assert.Equal(["a", "b", "c"], Names(root + "/merged"));
        Assert.Equal("now a file", File.ReadAllText(root + "/file"));
        Assert.Equal((UnixFileMode)0x1E8, File.GetUnixFileMode(root + "/."));
        File.WriteAllText(root + "/kept", "changed");
        Assert.Equal("changed", File.ReadAllText(backend.WritableFolder(_folder["c"]) + "/kept"));
        Assert.Equal("low", File.ReadAllText(layers[0] + "/kept"));
    }

    private string Layer(string name, TarBuilder archive)
    {
        Directory.CreateDirectory(_folder[name]);
        using var layer = new LayerFolder(_folder[name]);
        using var stream = new MemoryStream(archive.Build());
        new LayerApplier(new TarReader(new StreamSource(stream)), layer, 1 << 20).Apply();
        return _folder[name];
    }

    private static string PathOf(SafeFileHandle mount) => $"/proc/self/fd/{mount.DangerousGetHandle()}";

    private static IEnumerable<string?> Names(string path) => Directory.EnumerateFileSystemEntries(path).Select(Path.GetFileName).Order(StringComparer.Ordinal);
}
