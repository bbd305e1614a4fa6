using System.Text;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Tests.Images;

/// <summary>Manifests that are not of images, and indexes that lead to them in roundabout ways.</summary>
public sealed class ArtifactTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly ImageStack _stack = new();
    private readonly byte[] _weights = Encoding.UTF8.GetBytes(new string('w', 5000));

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task Pull_Artifact_KeepsFilesAndUnpacksArchives()
    {
        var archive = FakeRegistry.Gzip(new TarBuilder().File("deep/inside", "x").Build());
        PushArtifact("m:1", Layer("application/x-weights", _weights, "sub/model.bin"), Layer(MediaTypes.OciLayerGzip, archive), Layer("text/plain", _weights));
        var id = await _stack.PullAsync(Name("m:1"));
        var image = _stack.Services.Store.Find(id)!;
        Assert.Equal("application/x-model", image.ArtifactType);
        Assert.Equal(image.ManifestDigest, image.Digest);
        var folders = image.DiffIds.Select(_stack.Services.Layers.ContentsOf).ToList();
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(folders[0], "sub", "model.bin")));
        Assert.Equal("x", File.ReadAllText(Path.Combine(folders[1], "deep", "inside")));
        Assert.Equal(_weights, File.ReadAllBytes(Path.Combine(folders[2], BlobIngest.DigestOf(_weights).Hex)));
        var before = _stack.Status(id);
        await _stack.RestartAsync();
        Assert.Equal(before, _stack.Status(Name("m:1")));
    }

    [Fact]
    public async Task Pull_TwoArtifactsWithTheEmptyConfig_AreTwo()
    {
        PushArtifact("m:1", Layer("a/b", _weights, "one"));
        PushArtifact("m:2", Layer("a/b", _weights, "two"));
        Assert.NotEqual(await _stack.PullAsync(Name("m:1")), await _stack.PullAsync(Name("m:2")));
        Assert.Equal(2, _stack.LayerFolders.Count());
        _stack.Remove(Name("m:1"));
        Assert.Single(_stack.LayerFolders);
    }

    [Theory]
    [InlineData("../out")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    public async Task Pull_ArtifactWithAHostileTitle_IsRefused(string title)
    {
        PushArtifact("m:1", Layer("a/b", _weights, title));
        Assert.Contains("title", (await _stack.PullFailsAsync(Name("m:1"))).Message);
        Assert.Empty(_stack.LayerFolders);
    }

    [Fact]
    public async Task Pull_NestedIndexes_FindsTheOneThatFitsAndOutlivesARestart()
    {
        _registry.Push("n", "image", new TarBuilder().File("f", "x").Build());
        var manifest = _registry.Contents["n/manifests/image"];
        var ours = $$"""{"architecture":"{{PlatformOrder.OfThisMachine.Accepted[0].Architecture}}","os":"linux"}""";
        var useless = PushIndex("useless", Entry(MediaTypes.OciManifest, manifest.Bytes, """{"architecture":"s390x","os":"linux"}"""));
        var useful = PushIndex(
            "useful",
            Entry(MediaTypes.OciManifest, "{}"u8.ToArray(), """{"architecture":"unknown","os":"unknown"}"""),
            Entry(MediaTypes.OciManifest, manifest.Bytes, ours));
        PushIndex("top", Entry(MediaTypes.OciIndex, useless), Entry(MediaTypes.OciIndex, useful));
        await _stack.PullAsync(Name("n:top"));
        await _stack.RestartAsync();
        Assert.NotNull(_stack.Status(Name("n:top")));
        _stack.Remove(Name("n:top"));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_stack.Root, "images", "blobs", "sha256")));
    }

    [Fact]
    public async Task Pull_IndexWithinItself_EndsAtTheLimit()
    {
        var inner = PushIndex("loop", Entry(MediaTypes.OciManifest, [], """{"architecture":"s390x","os":"linux"}"""));
        for (var i = 0; i <= ContentLimits.MaxIndexDepth; i++)
        {
            inner = PushIndex("loop", Entry(MediaTypes.OciIndex, inner));
        }

        Assert.Contains("indexes within each other", (await _stack.PullFailsAsync(Name("n:loop"))).Message);
        PushIndex("wide", [.. Enumerable.Range(0, 50).Select(i => Entry(MediaTypes.OciIndex, PushIndex($"w{i}", Entry($"a/{i}", []))))]);
        Assert.Contains("among the first", (await _stack.PullFailsAsync(Name("n:wide"))).Message);
    }

    [Fact]
    public async Task Restart_IndexDamaged_ForgetsTheNameAndPullRepairsIt()
    {
        _registry.Push("n", "image", new TarBuilder().File("f", "x").Build());
        var manifest = _registry.Contents["n/manifests/image"].Bytes;
        var index = PushIndex("top", Entry(MediaTypes.OciManifest, manifest));
        await _stack.PullAsync(Name("n:top"));
        foreach (var document in new[] { index, manifest })
        {
            var path = Path.Combine(_stack.Root, "images", "blobs", "sha256", BlobIngest.DigestOf(document).Hex);
            await _stack.RestartAsync(() => File.WriteAllBytes(path, [.. document.AsSpan(0, document.Length - 1), (byte)' ']));
            Assert.Null(_stack.Status(Name("n:top")));
            await _stack.PullAsync(Name("n:top"));
            Assert.Equal(document, await File.ReadAllBytesAsync(path));
        }
    }

    private string Name(string image) => $"{_registry.Host}/{image}";

    private string Layer(string type, byte[] blob, string? title = null)
    {
        var digest = _registry.Blob("m", blob);
        var note = title is null ? "" : $$$""","annotations":{"org.opencontainers.image.title":"{{{title}}}"}""";
        return $$"""{"mediaType":"{{type}}","digest":"{{digest}}","size":{{blob.Length}}{{note}}}""";
    }

    private void PushArtifact(string name, params string[] layers)
    {
        var config = FakeRegistry.Descriptor(MediaTypes.OciEmpty, _registry.Blob("m", "{}"u8.ToArray()), 2);
        _registry.Manifest("m", name[2..], MediaTypes.OciManifest, $$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","artifactType":"application/x-model","config":{{config}},"layers":[{{string.Join(',', layers)}}]}
            """);
    }

    private static string Entry(string type, byte[] document, string? platform = null) =>
        FakeRegistry.Descriptor(type, BlobIngest.DigestOf(document), document.Length)[..^1] + (platform is null ? "}" : $$""","platform":{{platform}}}""");

    private byte[] PushIndex(string tag, params string[] entries)
    {
        _registry.Manifest("n", tag, MediaTypes.OciIndex, $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{{string.Join(',', entries)}}]}""");
        return _registry.Contents[$"n/manifests/{tag}"].Bytes;
    }
}
