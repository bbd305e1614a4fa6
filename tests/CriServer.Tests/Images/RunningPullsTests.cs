using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Images;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.ImageSpec;
using Image = CriShim.CriServer.Images.Image;

namespace CriShim.CriServer.Tests.Images;

public sealed class RunningPullsTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly ImageReference s_busybox = ImageReference.Parse("busybox");

    private readonly FakeTime _time = new();
    private readonly TaskCompletionSource<Image> _work = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RunningPulls _pulls;
    private int _started;

    public RunningPullsTests() => _pulls = new RunningPulls(new ImageOptions { MaxConcurrentPulls = 1, MaxQueuedPulls = 1, AbandonedPullSeconds = 60 }, _time);

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _pulls.DisposeAsync();

    [Fact]
    public async Task Join_SameImage_RunsOnce()
    {
        var first = Join(s_busybox).WaitAsync(CancellationToken.None);
        var second = Join(s_busybox).WaitAsync(CancellationToken.None);
        _work.SetResult(Busybox());
        Assert.Same(await first, await second);
        Assert.Equal(1, _started);
    }

    [Fact]
    public async Task Wait_CallerLeaves_TheNextOneGetsTheResult()
    {
        await LeaveAsync(Join(s_busybox));
        _time.Advance(TimeSpan.FromSeconds(59));
        var next = Join(s_busybox).WaitAsync(CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(59));
        _work.SetResult(Busybox());
        await next;
        Assert.Equal(1, _started);
    }

    [Fact]
    public async Task Wait_NobodyForTooLong_EndsTheWork()
    {
        var pull = Join(s_busybox);
        await LeaveAsync(pull);
        Assert.False(pull.Token.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.True(pull.Token.IsCancellationRequested);
        Assert.NotSame(pull, Join(s_busybox)); // a new one
    }

    [Fact]
    public async Task Join_TooMany_IsRefused()
    {
        _ = Join(s_busybox);
        _ = Join(ImageReference.Parse("other"));
        var error = Assert.Throws<CriException>(() => Join(ImageReference.Parse("third")));
        Assert.Equal(CriErrorKind.ResourceExhausted, error.Kind);
        await Task.CompletedTask;
    }

    private RunningPull Join(ImageReference reference) => _pulls.Join(reference, null, async pull =>
    {
        Interlocked.Increment(ref _started);
        return await _work.Task.WaitAsync(pull.Token);
    });

    private static async Task LeaveAsync(RunningPull pull)
    {
        using var caller = new CancellationTokenSource(10);
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pull.WaitAsync(caller.Token));
        Assert.Contains("the work goes on", error.Message);
    }

    private static Image Busybox() => new()
    {
        Digest = Digest.Parse("sha256:" + new string('a', 64)),
        RepoTags = [],
        RepoDigests = [],
        SizeBytes = 1,
        Config = new ImageConfig { RootFs = new RootFs() },
        ManifestDigest = Digest.Parse("sha256:" + new string('b', 64)),
        DiffIds = [],
        User = new ImageUser(0, ""),
        Pinned = false,
    };
}
