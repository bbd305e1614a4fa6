using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Images;

public sealed class ImageStoreTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly ImageStack _stack = new(new ImageOptions { PinnedImages = ["127.0.0.1:*"] });
    private readonly byte[] _shared = new TarBuilder().File("shared", "x").Build();
    private readonly byte[] _own = new TarBuilder().File("own", "y").Build();

    public Task InitializeAsync()
    {
        _registry.Push("one", "a", """{"User":"1"}""", _shared, _own);
        _registry.Push("one", "b", """{"User":"1"}""", _shared, _own);
        _registry.Push("two", "latest", """{"User":"2"}""", _shared);
        return Task.CompletedTask;
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task Remove_ByOneTag_RemovesAllNames()
    {
        await PullAsync("one:a", "one:b");
        Assert.Equal(2, _stack.Status(Name("one:a"))!.RepoTags.Count);
        _stack.Remove(Name("one:b"));
        Assert.Null(_stack.Status(Name("one:a")));
        Assert.Empty(_stack.Services.List.Execute(null));
    }

    [Fact]
    public async Task Remove_UnknownOrTwice_Succeeds()
    {
        _stack.Remove(Name("one:a"));
        await PullAsync("one:a");
        var id = _stack.Status(Name("one:a"))!.Id;
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => _stack.Remove(id))));
        Assert.Null(_stack.Status(id));
    }

    [Fact]
    public async Task Remove_SharedLayer_StaysForTheOtherImage()
    {
        await PullAsync("one:a", "two");
        Assert.Equal(2, _stack.LayerFolders.Count());
        _stack.Remove(Name("one:a"));
        Assert.Single(_stack.LayerFolders);
        _stack.Remove(Name("two"));
        Assert.Empty(_stack.LayerFolders);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_stack.Root, "images", "blobs", "sha256")));
    }

    [Fact]
    public async Task Remove_LayerUnderASnapshot_StaysUntilThatGoes()
    {
        await PullAsync("one:a");
        var image = _stack.Services.Store.Find(Name("one:a"))!;
        _stack.Services.Snapshots.Prepare("c1", image);
        _stack.Remove(image.Id);
        Assert.Equal(2, _stack.LayerFolders.Count());
        await _stack.RestartAsync();
        Assert.Equal(["c1"], _stack.Services.Snapshots.List());
        Assert.Equal(2, _stack.LayerFolders.Count());
        _stack.Services.Snapshots.Remove("c1");
        _stack.Services.Snapshots.Remove("c1");
        Assert.Empty(_stack.LayerFolders);
        Assert.Equal(CriErrorKind.NotFound, Assert.Throws<CriException>(() => _stack.Services.Snapshots.Prepare("c2", image)).Kind);
    }

    [Fact]
    public async Task Pull_TagThatMoved_TakesTheNameFromTheOldImage()
    {
        await PullAsync("two");
        var old = _stack.Status(Name("two"))!;
        _registry.Push("two", "latest", """{"User":"3"}""", _own);
        await PullAsync("two");
        Assert.Equal(3, _stack.Status(Name("two"))!.Uid.Value);
        Assert.Empty(_stack.Status(old.Id)!.RepoTags);
        Assert.Equal(old.RepoDigests, _stack.Status(old.Id)!.RepoDigests);
    }

    [Fact]
    public async Task Restart_ImagesAreTheSame()
    {
        await PullAsync("one:a", "two");
        var before = _stack.Services.List.Execute(null).ToList();
        await _stack.RestartAsync();
        Assert.Equal(before, _stack.Services.List.Execute(null));
        Assert.All(before, image => Assert.True(image.Pinned));
    }

    [Fact]
    public async Task Restart_LayerGone_ForgetsTheImage()
    {
        await PullAsync("one:a", "two");
        await _stack.RestartAsync(() => Directory.Delete(_stack.Services.Layers.ContentsOf(_stack.Services.Store.Find(Name("one:a"))!.DiffIds[1])[..^3], true));
        Assert.Null(_stack.Status(Name("one:a")));
        Assert.NotNull(_stack.Status(Name("two")));
    }

    [Fact]
    public async Task Restart_LayerOfAnotherBootNotSynced_IsMadeAgain()
    {
        await PullAsync("two");
        await _stack.RestartAsync(() =>
        {
            var ready = Path.Combine(_stack.LayerFolders.Single(), "READY");
            var text = File.ReadAllText(ready);
            Assert.DoesNotContain("unsyncedSince", text); // the stop synced it
            File.WriteAllText(ready, text[..^1] + ",\"unsyncedSince\":\"another-boot\"}");
        });
        Assert.Null(_stack.Status(Name("two")));
        await PullAsync("two");
        Assert.Single(_stack.LayerFolders);
    }

    [Fact]
    public async Task Restart_DamagedIndex_IsSetAside()
    {
        await PullAsync("two");
        var index = Path.Combine(_stack.Root, "images", "index.json");
        await _stack.RestartAsync(() => File.WriteAllText(index, "{"));
        Assert.Empty(_stack.Services.List.Execute(null));
        Assert.Single(Directory.EnumerateFiles(Path.Combine(_stack.Root, "images"), "*.damaged"));
    }

    [Fact]
    public async Task Restart_RubbishOfAKilledServer_IsRemoved()
    {
        await PullAsync("two");
        var staging = Path.Combine(_stack.Root, "layers", ".staging-1-1");
        var unheld = Path.Combine(_stack.Root, "snapshots", "half");
        await _stack.RestartAsync(() =>
        {
            Directory.CreateDirectory(Path.Combine(staging, "fs", "deep"));
            Directory.CreateDirectory(unheld);
        });
        await _stack.RestartAsync(); // ends the removal
        Assert.False(Directory.Exists(staging));
        Assert.False(Directory.Exists(unheld));
        Assert.Single(_stack.LayerFolders);
    }

    [Fact]
    public async Task List_Filter_GivesTheOneImage()
    {
        await PullAsync("one:a", "two");
        Assert.Single(_stack.Services.List.Execute(new ImageFilter { Image = new ImageSpec { Image = Name("two") } }));
        Assert.Empty(_stack.Services.List.Execute(new ImageFilter { Image = new ImageSpec { Image = "none" } }));
    }

    [Fact]
    public void Status_BadName_IsInvalidArgument() =>
        Assert.Equal(CriErrorKind.InvalidArgument, Assert.Throws<CriException>(() => _stack.Status("Not A Name")).Kind);

    [Fact]
    public async Task Prepare_LayerTakenAwayMeanwhile_ForgetsTheImageSoThatAPullRepairsIt()
    {
        await PullAsync("one:a", "two");
        var image = _stack.Services.Store.Find(Name("one:a"))!;
        Directory.Delete(_stack.Services.Layers.ContentsOf(image.DiffIds[1]), recursive: true);
        Assert.Equal(CriErrorKind.NotFound, Assert.Throws<CriException>(() => _stack.Services.Snapshots.Prepare("c1", image)).Kind);
        Assert.Null(_stack.Status(Name("one:a")));
        Assert.NotNull(_stack.Status(Name("two")));
        await PullAsync("one:a");
        Assert.True(File.Exists(Path.Combine(_stack.Services.Layers.ContentsOf(image.DiffIds[1]), "own")));
        Assert.Empty(_stack.Services.Snapshots.List());
    }

    [Fact]
    public async Task Pull_BlobDamagedWithTheSameLength_IsRepaired()
    {
        await PullAsync("two");
        var manifest = Path.Combine(_stack.Root, "images", "blobs", "sha256", _stack.Services.Store.Find(Name("two"))!.ManifestDigest.Hex);
        var bytes = await File.ReadAllBytesAsync(manifest);
        await File.WriteAllBytesAsync(manifest, new byte[bytes.Length]);
        await PullAsync("two");
        Assert.Equal(bytes, await File.ReadAllBytesAsync(manifest));
    }

    [Fact]
    public async Task Remove_NameThatMovedMeanwhile_LeavesTheNewImage()
    {
        await PullAsync("two");
        var old = _stack.Services.Store.Find(Name("two"))!;
        _registry.Push("two", "latest", """{"User":"3"}""", _own);
        await PullAsync("two");
        _stack.Services.Store.Remove(old);
        Assert.NotNull(_stack.Status(Name("two")));
        Assert.Null(_stack.Status(old.Id));
    }

    [Fact]
    public async Task Status_EveryReference_GivesTheSameMessage()
    {
        await PullAsync("one:a", "one:b");
        var image = _stack.Status(Name("one:a"))!;
        Assert.Equal(2, image.RepoTags.Count);
        var hex = image.Id["sha256:".Length..];
        string[] references = [Name("one:b"), image.RepoDigests[0], image.RepoDigests[0].Replace("@", ":any@", StringComparison.Ordinal), image.Id, hex, hex[..12], image.Id[..20]];
        Assert.All(references, reference => Assert.Equal(image, _stack.Status(reference)));
    }

    [Fact]
    public async Task Pull_ByTagAndDigest_KeepsTheDigestOnly()
    {
        await PullAsync("one:a");
        var digest = _stack.Status(Name("one:a"))!.RepoDigests.Single();
        _stack.Remove(digest);
        await _stack.PullAsync(digest.Replace("@", ":a@", StringComparison.Ordinal));
        var image = _stack.Status(digest)!;
        Assert.Empty(image.RepoTags);
        Assert.Equal([digest], image.RepoDigests);
        Assert.Null(_stack.Status(Name("one:a")));
        Assert.True(image.Pinned);
    }

    [Fact]
    public async Task Status_ManifestWithAnnotations_TellsThemInTheSpec()
    {
        await PullAsync("two");
        var json = System.Text.Encoding.UTF8.GetString(_registry.Contents["two/manifests/latest"].Bytes);
        _registry.Manifest("two", "noted", Oci.ImageSpec.MediaTypes.OciManifest, json.Trim()[..^1] + ""","annotations":{"a.b/c":"d"}}""");
        _stack.Remove(Name("two"));
        await PullAsync("two:noted");
        Assert.Equal("d", _stack.Status(Name("two:noted"))!.Spec.Annotations["a.b/c"]);
    }

    private string Name(string image) => $"{_registry.Host}/{image}";

    private async Task PullAsync(params string[] images)
    {
        foreach (var image in images)
        {
            await _stack.PullAsync(Name(image));
        }
    }
}
