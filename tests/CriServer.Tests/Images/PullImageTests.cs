using System.Text;
using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.ImageSpec;

namespace CriShim.CriServer.Tests.Images;

public sealed class PullImageTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly ImageStack _stack = new();
    private readonly byte[] _layer = new TarBuilder().File("f", new string('x', 400_000)).Build();

    private string Image => $"{_registry.Host}/app:v1";

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task Pull_ByTag_GivesTagAndDigest()
    {
        var config = _registry.Push("app", "v1", """{"User":"7"}""", _layer, new TarBuilder().File("g").Build());
        Assert.Equal(config.ToString(), await _stack.PullAsync(Image));
        var image = _stack.Status(Image)!;
        Assert.Equal([Image], image.RepoTags);
        Assert.StartsWith($"{_registry.Host}/app@sha256:", Assert.Single(image.RepoDigests));
        Assert.Equal(7, image.Uid.Value);
        Assert.True(image.Size > 400_000);
        Assert.Equal(2, _stack.LayerFolders.Count());
        Assert.Equal(image, _stack.Status(image.RepoDigests[0]));
        Assert.Equal(image, _stack.Status(image.Id));
        Assert.Equal(image, _stack.Status(image.Id[7..20]));
    }

    [Fact]
    public async Task Pull_ByDigestFromIndex_GivesThatDigestOnly()
    {
        _registry.Push("app", "v1", _layer);
        var manifest = _registry.Contents["app/manifests/v1"].Bytes;
        var inner = FakeRegistry.Descriptor(MediaTypes.OciManifest, BlobIngest.DigestOf(manifest), manifest.Length);
        var index = _registry.Manifest("app", "multi", MediaTypes.OciIndex, $$"""{"schemaVersion":2,"manifests":[{{inner}}]}""");
        await _stack.PullAsync($"{_registry.Host}/app@{index}");
        var image = _stack.Status($"{_registry.Host}/app@{index}")!;
        Assert.Empty(image.RepoTags);
        Assert.Equal([$"{_registry.Host}/app@{index}"], image.RepoDigests);
    }

    [Fact]
    public async Task Pull_LayerThatIsThere_IsNotFetchedAgain()
    {
        _registry.Push("app", "v1", _layer);
        await _stack.PullAsync(Image);
        var before = BlobRequests();
        _registry.Push("app", "v2", """{"User":"x"}""", _layer);
        await _stack.PullAsync($"{_registry.Host}/app:v2");
        Assert.Equal(before + 1, BlobRequests()); // the config
    }

    [Fact]
    public async Task Pull_SameImageAtOnce_IsDoneOnce()
    {
        _registry.Push("app", "v1", _layer);
        var gate = new TaskCompletionSource();
        _registry.Intercept = async _ =>
        {
            await gate.Task;
            return false;
        };
        var pulls = Enumerable.Range(0, 5).Select(_ => _stack.PullAsync(Image)).ToList();
        gate.SetResult();
        await Task.WhenAll(pulls);
        Assert.Equal(2, BlobRequests());
    }

    [Fact]
    public async Task Pull_CallerLeaves_WorkGoesOn()
    {
        _registry.Push("app", "v1", _layer);
        var gate = new TaskCompletionSource();
        _registry.Intercept = async _ =>
        {
            await gate.Task;
            return false;
        };
        using var caller = new CancellationTokenSource(50);
        var request = new PullImageRequest { Image = new ImageSpec { Image = Image } };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _stack.Services.Pull.ExecuteAsync(request, caller.Token));
        gate.SetResult();
        await _stack.PullAsync(Image);
        Assert.Equal(2, BlobRequests());
    }

    [Fact]
    public async Task Pull_WrongLayerBytes_LeavesNothing()
    {
        _registry.Push("app", "v1", _layer);
        ReplaceLayer(FakeRegistry.Gzip(new TarBuilder().File("evil", new string('y', 400_000)).Build()), keepLength: true);
        await FailsWithAsync("", CriErrorKind.Unknown);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_stack.Root, "layers")));
        Assert.Null(_stack.Status(Image));
    }

    [Fact]
    public async Task Pull_FlippedBitAtTheEnd_IsFoundByTheDigest()
    {
        _registry.Push("app", "v1", _layer);
        var (path, bytes) = Layer();
        bytes = [.. bytes];
        bytes[^6] ^= 1; // in gzip's own checksum, which some decoders ignore
        _registry.Contents[path] = ("x", bytes);
        await FailsWithAsync("", CriErrorKind.Unknown);
        Assert.Empty(_stack.LayerFolders);
    }

    [Fact]
    public async Task Pull_WrongDiffId_IsRefused()
    {
        _registry.Push("app", "v1", _layer);
        var text = Encoding.UTF8.GetString(_registry.Contents["app/manifests/v1"].Bytes);
        var other = FakeRegistry.Gzip(new TarBuilder().File("other").Build());
        var (path, bytes) = Layer();
        var digest = _registry.Blob("app", other);
        text = text.Replace(path[(path.LastIndexOf('/') + 1)..], digest.ToString(), StringComparison.Ordinal)
            .Replace($"\"size\":{bytes.Length}", $"\"size\":{other.Length}", StringComparison.Ordinal);
        _registry.Manifest("app", "v1", MediaTypes.OciManifest, text);
        await FailsWithAsync("diff id", CriErrorKind.Unknown);
        Assert.Empty(_stack.LayerFolders);
    }

    [Fact]
    public async Task Pull_ShorterLayerThanTold_IsRefused()
    {
        _registry.Push("app", "v1", _layer);
        var (path, bytes) = Layer();
        _registry.Contents[path] = ("x", bytes[..^10]);
        await FailsWithAsync("bytes, expected", CriErrorKind.Unknown);
    }

    [Fact]
    public async Task Pull_LongerChunkedLayer_IsRefused()
    {
        _registry.Push("app", "v1", _layer);
        var (path, bytes) = Layer();
        AnswerBlob(path, async output => await output.WriteAsync((byte[])[.. bytes, 0, 1, 2]));
        await FailsWithAsync("larger than", CriErrorKind.Unknown);
    }

    [Fact]
    public async Task Pull_TruncatedChunkedLayer_IsRefused()
    {
        _registry.Push("app", "v1", _layer);
        var (path, bytes) = Layer();
        AnswerBlob(path, async output => await output.WriteAsync(bytes.AsMemory(0, bytes.Length / 2)));
        await FailsWithAsync("ended too early", CriErrorKind.Unavailable);
        Assert.Empty(_stack.LayerFolders);
    }

    [Fact]
    public async Task Pull_StalledLayer_FailsInTime()
    {
        _registry.Push("app", "v1", _layer);
        var (path, bytes) = Layer();
        var stop = new TaskCompletionSource();
        AnswerBlob(path, async output =>
        {
            await output.WriteAsync(bytes.AsMemory(0, 100));
            await output.FlushAsync();
            await stop.Task;
        });
        await FailsWithAsync("bytes came in 1 s", CriErrorKind.Unavailable);
        stop.SetResult();
    }

    [Fact]
    public async Task Pull_RegistryThatHangs_FailsInTime()
    {
        var stop = new TaskCompletionSource();
        _registry.Intercept = async _ =>
        {
            await stop.Task;
            return true;
        };
        var error = await FailsWithAsync("no answer in time", CriErrorKind.Unavailable);
        Assert.StartsWith("RegistryUnavailable: ", error.Message);
        stop.SetResult();
    }

    [Fact]
    public async Task Pull_UnknownTag_IsNotFoundWithTheRegistrysWords()
    {
        var error = await FailsWithAsync("manifest unknown", CriErrorKind.NotFound);
        Assert.Contains("failed to pull image", error.Message);
    }

    [Fact]
    public async Task Pull_ServerError_IsUnavailable()
    {
        _registry.Intercept = context =>
        {
            context.Response.StatusCode = 503;
            context.Response.Close();
            return Task.FromResult(true);
        };
        await FailsWithAsync("503", CriErrorKind.Unavailable);
    }

    [Fact]
    public async Task Pull_HugeManifest_IsRefused()
    {
        _registry.Contents["app/manifests/v1"] = (MediaTypes.OciManifest, new byte[5 << 20]);
        await FailsWithAsync("larger than", CriErrorKind.Unknown);
    }

    [Fact]
    public async Task Pull_ManifestWithOtherDigest_IsRefused()
    {
        _registry.Push("app", "v1", _layer);
        var wanted = Digest.Parse("sha256:" + new string('a', 64));
        _registry.Contents[$"app/manifests/{wanted}"] = _registry.Contents["app/manifests/v1"];
        var error = await _stack.PullFailsAsync($"{_registry.Host}/app@{wanted}");
        Assert.Contains("expected sha256:aaaa", error.Message);
    }

    [Fact]
    public async Task Pull_DeadMirror_FallsBackAndErrorsNameAllHosts()
    {
        _registry.Push("app", "v1", _layer);
        _stack.Folder.Write($"certs.d/{_registry.Host}/hosts.toml", $$"""
            server = "http://{{_registry.Host}}"
            [host."http://127.0.0.1:1"]
            """);
        await _stack.PullAsync(Image);
        var error = await _stack.PullFailsAsync($"{_registry.Host}/app:none");
        Assert.Contains("http://127.0.0.1:1: connection refused", error.Message);
        Assert.Contains($"http://{_registry.Host}: 404", error.Message);
        Assert.Equal(CriErrorKind.NotFound, error.Kind);
    }

    private int BlobRequests() => _registry.Requests.Count(r => r.Path.Contains("/blobs/", StringComparison.Ordinal));

    private (string Path, byte[] Bytes) Layer() =>
        _registry.Contents.Where(c => c.Key.Contains("/blobs/", StringComparison.Ordinal) && c.Value.Bytes[0] == 0x1f).Select(c => (c.Key, c.Value.Bytes)).Single();

    private void ReplaceLayer(byte[] bytes, bool keepLength)
    {
        var (path, old) = Layer();
        if (keepLength)
        {
            Array.Resize(ref bytes, old.Length);
            _registry.Contents[path] = ("x", bytes);
            return;
        }

        var digest = _registry.Blob("app", bytes);
        var text = Encoding.UTF8.GetString(_registry.Contents["app/manifests/v1"].Bytes)
            .Replace(path[(path.LastIndexOf('/') + 1)..], digest.ToString(), StringComparison.Ordinal)
            .Replace($"\"size\":{old.Length}", $"\"size\":{bytes.Length}", StringComparison.Ordinal);
        _registry.Manifest("app", "v1", MediaTypes.OciManifest, text);
    }

    private void AnswerBlob(string path, Func<Stream, Task> write) => _registry.Intercept = async context =>
    {
        if (context.Request.Url!.AbsolutePath != "/v2/" + path)
        {
            return false;
        }

        context.Response.SendChunked = true;
        await write(context.Response.OutputStream);
        context.Response.Close();
        return true;
    };

    private async Task<CriException> FailsWithAsync(string problem, CriErrorKind kind)
    {
        var error = await _stack.PullFailsAsync(Image);
        Assert.Contains(problem, error.Message);
        Assert.Equal(kind, error.Kind);
        return error;
    }
}
