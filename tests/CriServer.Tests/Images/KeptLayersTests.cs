using CriShim.CriServer.Configuration;
using CriShim.CriServer.Images;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Layers;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.ImageSpec;
using Microsoft.Extensions.Logging.Abstractions;

namespace CriShim.CriServer.Tests.Images;

public sealed class KeptLayersTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly FakeTime _time = new();
    private readonly FolderRemoval _removal = new(NullLogger.Instance);
    private readonly LayerStore _layers;
    private readonly KeptLayers _kept;

    public KeptLayersTests()
    {
        _layers = new LayerStore(_folder["layers"]);
        _layers.Initialize();
        _kept = new KeptLayers(_layers, _removal, new ImageOptions { KeepFailedPullSeconds = 60 }, _time);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        _kept.Dispose();
        await _removal.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void Keep_HoldsForAWhile()
    {
        var first = KeepOne("first");
        _time.Advance(TimeSpan.FromSeconds(40));
        var second = KeepOne("second");
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal((false, true), (IsThere(first), IsThere(second)));
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.False(IsThere(second));
    }

    [Fact]
    public void Keep_OfTooManyPulls_LetsTheOldestGo()
    {
        var layers = Enumerable.Range(0, 33).Select(i => KeepOne($"{i}")).ToList();
        Assert.Equal([layers[0]], layers.Where(l => !IsThere(l)));
    }

    [Fact]
    public void ReleaseAll_LetsAllGo_ButWhatOthersHold()
    {
        var (one, other) = (KeepOne("one"), KeepOne("other"));
        _layers.Hold([other]);
        _kept.ReleaseAll();
        Assert.Equal((false, true), (IsThere(one), IsThere(other)));
    }

    private bool IsThere(Digest layer) => _layers.Find(layer) is not null;

    private Digest KeepOne(string name)
    {
        var digest = BlobIngest.DigestOf(System.Text.Encoding.UTF8.GetBytes(name));
        _layers.Hold([digest]);
        _layers.Commit(_layers.CreateStaging(), digest, new LayerUsage(0, 0));
        _kept.Keep([digest]);
        return digest;
    }
}
