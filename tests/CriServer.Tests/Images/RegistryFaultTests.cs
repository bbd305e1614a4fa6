using System.Diagnostics;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Tests.Fakes;
using CriShim.TestKit;

namespace CriShim.CriServer.Tests.Images;

/// <summary>Registries that break, stall and lie: the right image or a clear error, in time.</summary>
public sealed class RegistryFaultTests : IAsyncLifetime, IAsyncDisposable
{
    private const int LayerBytes = 3 << 20;

    private readonly byte[] _file = new byte[LayerBytes];
    private FaultRegistry _registry = null!;
    private ImageStack _stack = new();

    private string Image => $"{_registry.Host}/app:v1";

    public async Task InitializeAsync()
    {
        new Random(1).NextBytes(_file); // does not compress
        _registry = await FaultRegistry.StartAsync();
        _registry.Add(new ImageBuilder().RawLayer(new TarBuilder().Entry("file", '0', _file).Build()), "app", "v1");
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task Pull_ConnectionsThatBreak_IsResumedByRange()
    {
        _registry.Fault = Faults.DropAfter(1_200_000);
        await PullsWellAsync();
        Assert.InRange(_registry.LayerRequests.Count(), 3, 9); // a broken connection loses what was under way
        Assert.All(_registry.LayerRequests.Skip(1), r => Assert.StartsWith("bytes=", r.Range));
    }

    [Fact]
    public async Task Pull_BreaksWithoutProgress_GivesUpWithTheReason()
    {
        _registry.Fault = Faults.DropAfter(100);
        var error = await FailsAsync("broke 5 times, at last after ", CriErrorKind.Unavailable);
        Assert.Contains("the connection broke", error.Message);
        Assert.Equal(5, _registry.LayerRequests.Count());
    }

    [Fact]
    public async Task Pull_RangesNotKnown_StartsOverAndSkips()
    {
        _registry.Fault = Faults.DropWithoutRanges(1_000_000, 1_100_000);
        await PullsWellAsync();
        Assert.InRange(_registry.LayerRequests.Count(), 3, 5);
    }

    [Fact]
    public async Task Pull_WrongContentRange_IsNotUsed()
    {
        _registry.Fault = Faults.WrongRanges(1_000_000);
        await PullsWellAsync();
        Assert.Equal([false, true, false], _registry.LayerRequests.Select(r => r.Range is not null));
    }

    [Fact]
    public async Task Pull_OtherBytesAfterABreak_AreFoundByTheDigest()
    {
        _registry.Fault = Faults.LyingRanges(1_000_000);
        await FailsAsync("", CriErrorKind.Unknown);
    }

    [Fact]
    public async Task Pull_WrongBytesOfRightLength_AreRefused()
    {
        _registry.ChangeLayers(bytes =>
        {
            bytes[^5] ^= 1;
            return bytes;
        });
        await FailsAsync("", CriErrorKind.Unknown);
    }

    [Fact]
    public async Task Pull_Stall_IsBrokenOffAndResumed()
    {
        _registry.Fault = Faults.StallAfter(2_000_000, times: 1);
        await PullsWellAsync();
        Assert.Equal([false, true], _registry.LayerRequests.Select(r => r.Range is not null));
    }

    [Fact]
    public async Task Pull_Trickle_FailsInTime()
    {
        _registry.Fault = Faults.Trickle(TimeSpan.FromMilliseconds(50));
        await FailsAsync("bytes came in 1 s", CriErrorKind.Unavailable);
    }

    [Fact]
    public async Task Pull_EndlessBody_IsCutOff()
    {
        _registry.Fault = Faults.Endless();
        await FailsAsync("is larger than its", CriErrorKind.Unknown);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Pull_BusyForAWhile_IsAskedAgain(int status)
    {
        _registry.Fault = Faults.Status(status, 2);
        await PullsWellAsync();
    }

    [Fact]
    public async Task Pull_RetryAfterSeconds_AreWaitedFor()
    {
        _registry.Fault = Faults.Status(429, 1, "1");
        var clock = Stopwatch.StartNew();
        await PullsWellAsync();
        Assert.InRange(clock.Elapsed.TotalSeconds, 3, 30); // manifest, config, layer
    }

    [Fact]
    public async Task Pull_RetryAfterDate_IsWaitedFor()
    {
        _registry.Fault = Faults.Status(503, 1, Faults.HttpDate(TimeSpan.FromSeconds(2)));
        var clock = Stopwatch.StartNew();
        await PullsWellAsync();
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.9, 30);
    }

    [Fact]
    public async Task Pull_RetryAfterAnHour_FailsAtOnce()
    {
        _registry.Fault = Faults.Status(429, 1, "3600");
        await FailsAsync("429 too many requests, to be asked again after 3600", CriErrorKind.Unavailable);
        Assert.Single(_registry.Requests);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task Pull_RefusedOrMissing_IsAskedOnce(int status)
    {
        _registry.Fault = Faults.Status(status, 9);
        await FailsAsync(status.ToString(System.Globalization.CultureInfo.InvariantCulture), status == 404 ? CriErrorKind.NotFound : CriErrorKind.Unknown);
        Assert.Single(_registry.Requests);
    }

    [Fact]
    public async Task Pull_EndlessRedirects_End()
    {
        _registry.Fault = Faults.EndlessRedirects();
        await FailsAsync("more than 10 redirects", CriErrorKind.Unknown);
    }

    [Fact]
    public async Task Pull_TokensThatRunOutInMidPull_AreRenewed()
    {
        _registry.Fault = Faults.ShortTokens(_registry.Host, 1);
        await PullsWellAsync();
        Assert.Equal(3, _registry.Requests.Count(r => r.Path == "/token"));
    }

    [Fact]
    public async Task Pull_Again_UsesTheTokenAndTheConfigThatAreThere()
    {
        _registry.Fault = Faults.ShortTokens(_registry.Host, 100);
        await PullsWellAsync();
        _registry.Requests.Clear();
        await PullsWellAsync();
        Assert.Equal("/v2/app/manifests/v1", Assert.Single(_registry.Requests).Path);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    public async Task Pull_ManifestOfGeneralType_IsReadByItsOwn(string type)
    {
        _registry.ChangeManifestTypes(type);
        await PullsWellAsync();
    }

    [Fact]
    public async Task Pull_ManifestThatIsSaidToBeAnIndex_IsRefused()
    {
        _registry.ChangeManifestTypes("application/vnd.oci.image.index.v1+json");
        await FailsAsync("manifest", CriErrorKind.Unknown);
    }

    [Fact]
    public async Task Pull_OtherHostHasIt_WrongBytesOfTheFirstDoNotMatter()
    {
        await using var mirror = await FaultRegistry.StartAsync();
        mirror.AddAll(_registry);
        mirror.ChangeLayers(bytes =>
        {
            bytes[^5] ^= 1;
            return bytes;
        });
        UseMirror(mirror);
        await PullsWellAsync();
        Assert.Single(mirror.LayerRequests);
        Assert.All(mirror.Requests, r => Assert.Equal("?ns=" + Uri.EscapeDataString(_registry.Host), r.Query));
        Assert.All(_registry.Requests, r => Assert.Equal("", r.Query));
    }

    [Fact]
    public async Task Pull_BusyMirror_IsLeftAtOnceAndAskedLastFromThenOn()
    {
        await using var mirror = await FaultRegistry.StartAsync();
        mirror.Fault = Faults.Status(503, int.MaxValue, "20");
        UseMirror(mirror);
        await PullsWellAsync();
        Assert.Single(mirror.Requests);
    }

    [Fact]
    public async Task Pull_FailedOnce_ContinuesWithTheLayersThatCame()
    {
        var second = new byte[200_000];
        new Random(2).NextBytes(second);
        _registry.Add(
            new ImageBuilder().RawLayer(new TarBuilder().Entry("file", '0', _file).Build()).RawLayer(new TarBuilder().Entry("second", '0', second).Build()),
            "app", "v1");
        _registry.Fault = (context, content) =>
        {
            var fails = content is { Length: < 1_000_000 } && FaultRegistry.IsLayer(content) && _stack.LayerFolders.Any();
            context.Response.StatusCode = fails ? 404 : 200;
            return Task.FromResult(fails);
        };
        await using var slow = new ImageStack(new ImageOptions { MaxConcurrentLayers = 1 });
        await _stack.DisposeAsync();
        _stack = slow;
        await FailsAsync("404", CriErrorKind.NotFound, layersLeft: 1);
        _registry.Fault = null;
        _registry.Requests.Clear();
        await _stack.PullAsync(Image);
        Assert.Single(_registry.LayerRequests);
    }

    [Fact]
    public async Task Pull_LargerThanTheDisk_IsRefusedBeforeAnyLayer()
    {
        _registry.Fault = async (context, content) =>
        {
            if (!context.Request.Path.Value!.EndsWith("/manifests/v1", StringComparison.Ordinal))
            {
                return false;
            }

            var text = System.Text.Encoding.UTF8.GetString(content!);
            var size = text.LastIndexOf("\"size\":", StringComparison.Ordinal) + 7;
            context.Response.ContentType = "application/vnd.oci.image.manifest.v1+json";
            await context.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text[..size] + "4611686018427387904}]}"));
            return true;
        };
        await FailsAsync("MB are needed", CriErrorKind.ResourceExhausted);
        Assert.Empty(_registry.LayerRequests);
    }

    private void UseMirror(FaultRegistry mirror) => _stack.Folder.Write($"certs.d/{_registry.Host}/hosts.toml", $"""
        server = "http://{_registry.Host}"
        [host."http://{mirror.Host}"]
        """);

    private async Task PullsWellAsync()
    {
        await _stack.PullAsync(Image).WaitAsync(TimeSpan.FromSeconds(60));
        var file = Path.Combine(Assert.Single(_stack.LayerFolders), "fs", "file");
        Assert.Equal(_file, await File.ReadAllBytesAsync(file));
    }

    private async Task<CriException> FailsAsync(string problem, CriErrorKind kind, int layersLeft = 0)
    {
        var error = await _stack.PullFailsAsync(Image).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Contains(problem, error.Message);
        Assert.Equal(kind, error.Kind);
        Assert.Equal(layersLeft, Directory.EnumerateFileSystemEntries(Path.Combine(_stack.Root, "layers")).Count());
        Assert.Null(_stack.Status(Image));
        return error;
    }
}
