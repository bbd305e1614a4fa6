using System.Diagnostics;
using System.Globalization;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;

namespace CriShim.E2e.Images;

/// <summary>
/// The server is killed at random points of pulls: the next pull succeeds, every file is right, and nothing is left over.
/// CRISHIM_CRASHES is how often (8 unless told), CRISHIM_SEED makes a run again.
/// </summary>
public sealed class PullCrashTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const int UsualCrashes = 8;

    private string Image => $"{fixture.Registry.Host}/test/crash:1";

    private string Root => fixture.Server.Root;

    [Fact]
    public async Task Pull_ServerKilledAnywhere_NextPullIsWholeAndNothingIsLeft()
    {
        var seed = Setting("CRISHIM_SEED", Random.Shared.Next());
        var random = new Random(seed);
        await CrashImage.Make(seed).PushAsync(fixture.Registry.Host, "test/crash", "1");
        var clock = Stopwatch.StartNew();
        await fixture.PullAsync(Image);
        var usual = clock.Elapsed;
        var (files, names) = (LayerFiles(), Names());
        Assert.True(files.Count > 300);
        await RemoveAsync();
        var atRest = Names();

        for (var crash = 1; crash <= Setting("CRISHIM_CRASHES", UsualCrashes); crash++)
        {
            var delay = usual * (random.NextDouble() * 1.3);
            var context = $"seed {seed}, crash {crash} after {delay.TotalMilliseconds:F0} of {usual.TotalMilliseconds:F0} ms";
            var pull = fixture.PullAsync(Image);
            await Task.Delay(delay);
            await fixture.Server.RestartAsync();
            await AssertGoneOrWholeAsync(pull, context);

            await fixture.PullAsync(Image);
            Assert.True(files.SequenceEqual(LayerFiles()), context);
            await LeftAsync(names, context);
            await RemoveAsync();
            await LeftAsync(atRest, context);
        }
    }

    /// <summary>What the restarted server shows is all or nothing.</summary>
    private async Task AssertGoneOrWholeAsync(Task pull, string context)
    {
        await pull.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var image = (await fixture.Client.ImageAsync<ImageStatusResponse>(new ImageStatusRequest { Image = new ImageSpec { Image = Image } })).Image;
        Assert.True(image is not null || !pull.IsCompletedSuccessfully, $"{context}: a pull that was answered is forgotten");
        var layers = Directory.EnumerateDirectories(Path.Combine(Root, "layers"), "sha256-*");
        Assert.True(layers.All(l => File.Exists(Path.Combine(l, "READY"))), $"{context}: a layer without READY");
    }

    private async Task RemoveAsync() =>
        await fixture.Client.ImageAsync<RemoveImageResponse>(new RemoveImageRequest { Image = new ImageSpec { Image = Image } });

    private List<string> LayerFiles() =>
        [.. Directory.EnumerateDirectories(Path.Combine(Root, "layers"), "sha256-*").Order(StringComparer.Ordinal).SelectMany(l => TreeListing.Of(Path.Combine(l, "fs")))];

    /// <summary>Of layers and blobs: the removal of what a killed server left goes on behind the calls.</summary>
    private List<string> Names() =>
    [
        .. Directory.EnumerateFileSystemEntries(Path.Combine(Root, "layers")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal),
        .. TreeListing.Names(Path.Combine(Root, "images")),
    ];

    private async Task LeftAsync(List<string> expected, string context)
    {
        try
        {
            await Eventually.GetAsync(() => Task.FromResult(Names()), expected.SequenceEqual);
        }
        catch (Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{context}: left are {string.Join(' ', Names().Except(expected))}; gone are {string.Join(' ', expected.Except(Names()))}");
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
