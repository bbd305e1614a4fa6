using System.Text;
using CriShim.Api.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Tests.Images.Archives;

/// <summary>Archives that are not what they claim to be: refused with a clear text, nothing is added.</summary>
public sealed class HostileArchiveTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly ImageStack _stack = new();
    private readonly byte[] _layer = new TarBuilder().File("f", "x").Build();

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync() => await _stack.DisposeAsync();

    private static string Hex(byte[] bytes) => BlobIngest.DigestOf(bytes).Hex;

    [Fact]
    public async Task Import_DockerArchive_ByLinks_Works()
    {
        var config = Config(_layer);
        var archive = Docker("c.json", "a/layer.tar").Entry("a/layer.tar", '2', link: "../b.tar").Entry("c.json", '0', config).Entry("b.tar", '1', link: "real.tar")
            .Entry("real.tar", '0', _layer);
        await ImportAsync(archive.Build());
        Assert.NotNull(_stack.Status("h.io/a:1"));
    }

    [Fact]
    public async Task Import_LayerMissing_IsRefused() =>
        await RefusedAsync(Docker("c.json", "l.tar").Entry("c.json", '0', Config(_layer)), "\"l.tar\" is not in the archive");

    [Fact]
    public async Task Import_LayerOutside_IsRefused() =>
        await RefusedAsync(
            Docker("c.json", "l.tar").Entry("c.json", '0', Config(_layer)).Entry("l.tar", '2', link: "/etc/passwd"), "\"l.tar\" is not in the archive");

    [Fact]
    public async Task Import_LinksInACircle_IsRefused() =>
        await RefusedAsync(
            Docker("c.json", "a").Entry("c.json", '0', Config(_layer)).Entry("a", '2', link: "b").Entry("b", '2', link: "a"), "is a link that leads in a circle");

    [Fact]
    public async Task Import_WrongDiffId_IsRefused()
    {
        var other = new TarBuilder().File("f", "y").Build();
        await RefusedAsync(Docker("c.json", "l").Entry("c.json", '0', Config(other)).Entry("l", '0', _layer), "has digest");
        Assert.Empty(_stack.LayerFolders);
    }

    [Fact]
    public async Task Import_CompressedLayerWithWrongDiffId_IsRefused()
    {
        var other = new TarBuilder().File("f", "y").Build();
        await RefusedAsync(Docker("c.json", "l").Entry("c.json", '0', Config(other)).Entry("l", '0', FakeRegistry.Gzip(_layer)), "has diff id");
    }

    [Fact]
    public async Task Import_LayerCounts_MustAgree() =>
        await RefusedAsync(Docker("c.json", "l").Entry("c.json", '0', Config(_layer, _layer)).Entry("l", '0', _layer), "lists 1 layers, the config 2");

    [Fact]
    public async Task Import_HostileLayer_IsRefused()
    {
        var hostile = new TarBuilder().File("../../escaped", "x").Build();
        await RefusedAsync(Docker("c.json", "l").Entry("c.json", '0', Config(hostile)).Entry("l", '0', hostile), "leaves the layer");
    }

    [Fact]
    public async Task Import_LayoutWithWrongBlob_IsRefused()
    {
        var config = Config(_layer);
        var manifest = Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"config":{{FakeRegistry.Descriptor(MediaTypes.OciConfig, BlobIngest.DigestOf(config), config.Length)}},
             "layers":[{{FakeRegistry.Descriptor(MediaTypes.OciLayer, BlobIngest.DigestOf(_layer), _layer.Length)}}]}
            """);
        var changed = _layer.ToArray();
        changed[0] ^= 1;
        await RefusedAsync(Layout(manifest, manifest.Length).Entry($"blobs/sha256/{Hex(config)}", '0', config).Entry($"blobs/sha256/{Hex(_layer)}", '0', changed), "");
        await RefusedAsync(Layout(manifest, 5L << 30), "the limit is");
        await RefusedAsync(Layout(manifest, manifest.Length), "is not in the archive");
    }

    [Theory]
    [InlineData("{", "is invalid")]
    [InlineData("[]", "it has no image")]
    [InlineData("[{}]", "is invalid")]
    [InlineData("""[{"Config":"c","Layers":null}]""", "is invalid")]
    public async Task Import_BadDockerManifest_IsRefused(string json, string error) =>
        await RefusedAsync(new TarBuilder().File("manifest.json", json), json == "{" ? "" : error);

    [Fact]
    public async Task Import_NoArchive_IsRefused()
    {
        await RefusedAsync(new TarBuilder().File("x"), "it is no archive of images");
        await RefusedAsync(Encoding.UTF8.GetBytes(new string('t', 2000)), "it is no tar archive");
        await RefusedAsync([], "it is no archive of images");
        await RefusedAsync(new TarBuilder().Entry("x", '0', new byte[100], size: 1 << 30).Build(), "archive ends too early");
        await RefusedAsync(FakeRegistry.Gzip(_layer)[..^20], "");
    }

    [Fact]
    public async Task Import_CompressionBomb_IsRefused()
    {
        await using var small = new ImageStack(_stack.Options with { MaxLayerBytes = 1 << 20 });
        var path = _stack.Folder["bomb"];
        await File.WriteAllBytesAsync(path, FakeRegistry.Gzip(new byte[4 << 20]));
        var e = await Assert.ThrowsAsync<CriException>(() => ImportPathAsync(small, path));
        Assert.Contains("it unpacks to more than 1048576 bytes", e.Message, StringComparison.Ordinal);
    }

    private static byte[] Config(params byte[][] layers) => Encoding.UTF8.GetBytes(
        $$$"""{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[{{{string.Join(',', layers.Select(l => $"\"sha256:{Hex(l)}\""))}}}]}}""");

    private static TarBuilder Docker(string config, string layer) =>
        new TarBuilder().File("manifest.json", $$"""[{"Config":"{{config}}","RepoTags":["h.io/a:1"],"Layers":["{{layer}}"]}]""");

    private static TarBuilder Layout(byte[] manifest, long size) => new TarBuilder().File("oci-layout", """{"imageLayoutVersion":"1.0.0"}""")
        .File("index.json", $$$"""
            {"schemaVersion":2,"manifests":[{"mediaType":"{{{MediaTypes.OciManifest}}}","digest":"sha256:{{{Hex(manifest)}}}","size":{{{size}}},
             "annotations":{"org.opencontainers.image.ref.name":"h.io/a:1"}}]}
            """)
        .Entry($"blobs/sha256/{Hex(manifest)}", '0', manifest);

    private Task RefusedAsync(TarBuilder archive, string error) => RefusedAsync(archive.Build(), error);

    private async Task RefusedAsync(byte[] archive, string error)
    {
        var e = await Assert.ThrowsAsync<CriException>(() => ImportAsync(archive));
        Assert.StartsWith("failed to import", e.Message, StringComparison.Ordinal);
        Assert.Contains(error, e.Message, StringComparison.Ordinal);
        Assert.Empty(_stack.Services.Store.List());
    }

    private async Task ImportAsync(byte[] archive)
    {
        var path = _stack.Folder["archive"];
        await File.WriteAllBytesAsync(path, archive);
        await ImportPathAsync(_stack, path);
    }

    private static Task ImportPathAsync(ImageStack stack, string path) =>
        stack.Services.Import.ExecuteAsync(new ImportRequest { Path = path }, _ => Task.CompletedTask, CancellationToken.None);
}
