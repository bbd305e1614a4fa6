using CriShim.Cri.V1;
using CriShim.TestKit;
using static CriShim.E2e.Images.HostileArchives;

namespace CriShim.E2e.Images;

/// <summary>
/// Every layer here is refused with an error that says why; nothing outside its folder is touched, nothing of it stays, and the server
/// stays small.
/// </summary>
public sealed class HostileLayerTests(HostileLayerTests.World world) : IClassFixture<HostileLayerTests.World>
{
    private const double MaxGrowthMegabytes = 50;
    private const string Escape = "crishim-hostile-escape";

    private static readonly byte[] s_gigabytes = GzipTimes(new byte[64 << 20], 160);
    private static int s_count;

    [Fact]
    public async Task Pull_PathTraversal_IsRefused()
    {
        await RefusedAsync("leaves the layer", Image(Entry($"../{Escape}", data: [1])));
        await RefusedAsync("leaves the layer", Image(Entry("a/", '5'), Entry($"a/../../../../../{Escape}", data: [1])));
        await RefusedAsync("leaves the layer", Image(Pax("path", $"../../{Escape}"), Entry("f", data: [1])));
    }

    [Fact]
    public async Task Pull_SymbolicLinkOutAndSomethingThroughIt_IsRefused()
    {
        await RefusedAsync("cannot be unpacked", Image(Entry("a", '2', world.Outside), Entry($"a/{Escape}", data: [1])));
        await RefusedAsync("cannot be unpacked", Image(Entry("a", '2', "../../../../../../../../../../.." + world.Outside), Entry($"a/{Escape}", data: [1])));
        await RefusedAsync("cannot be unpacked", Image(Entry("a", '2', "b"), Entry("b", '2', "a"), Entry("a/f", data: [1])));
        await RefusedAsync("cannot be unpacked", Image(Entry("a", '2', world.Outside), Entry("a/.wh.secret")));
    }

    [Fact]
    public async Task Pull_SwapOfFolderAndLink_IsRefused() =>
        await RefusedAsync("cannot be unpacked", Image(Entry("a/", '5'), Entry("a/f"), Entry("a", '2', world.Outside), Entry($"a/{Escape}", data: [1])));

    [Fact]
    public async Task Pull_HardLinkOut_IsRefused()
    {
        await RefusedAsync("does not have", Image(Entry("f", '1', world.Secret)));
        await RefusedAsync("leaves the layer", Image(Entry("f", '1', "../../../../../../../.." + world.Secret)));
        await RefusedAsync("does not have", Image(Entry("a", '2', world.Outside), Entry("f", '1', "a/secret")));
    }

    [Fact]
    public async Task Pull_DeviceThatIsAWhiteoutOrNone_IsRefused()
    {
        await RefusedAsync("device 0:0", Image(Entry("null", '3')));
        await RefusedAsync("device 4096:0", Image(Entry("big", '4', device: (4096, 0))));
    }

    [Fact]
    public async Task Pull_MillionEntries_IsRefused()
    {
        var entries = Enumerable.Repeat(Entry("f", '1', "f"), 10_000).SelectMany(entry => entry).ToArray();
        await RefusedAsync("more than 999999 entries", Compressed(GzipTimes(entries, 100)));
    }

    [Fact]
    public async Task Pull_LinksThatHoldMemory_IsRefused()
    {
        var entries = Enumerable.Repeat(Entry(new string('f', 100), '1', new string('g', 100)), 10_000).SelectMany(entry => entry).ToArray();
        await RefusedAsync("forward links", Compressed(GzipTimes(entries, 20)));
    }

    [Fact]
    public async Task Pull_SparseBomb_IsRefused() =>
        await RefusedAsync("more than", Image(Pax("GNU.sparse.map", "0,1"), Pax("GNU.sparse.size", "1000000000000000"), Entry("f", data: [1])));

    [Fact]
    public async Task Pull_GzipBomb_IsRefused() => await RefusedAsync("unpacks to more than", Compressed(s_gigabytes));

    [Fact]
    public async Task Pull_ZstdBomb_IsRefused() => await RefusedAsync("unpacks to more than", Compressed(ZstdZeros(80_000, 21), LayerFormat.Zstd));

    [Fact]
    public async Task Pull_ZstdWithHugeWindow_IsRefused() => await RefusedAsync("memory", Compressed(ZstdZeros(10_000, 31), LayerFormat.Zstd));

    [Fact]
    public async Task Pull_ZstdWithLargestWindow_StaysSmall() =>
        await RefusedAsync("unpacks to more than", Compressed(ZstdZeros(80_000, 25), LayerFormat.Zstd));

    [Fact]
    public async Task Pull_PaxBomb_IsRefused()
    {
        await RefusedAsync("extended header of", Image(Entry("x", 'x', size: 2L << 30)));
        await RefusedAsync("extended header of", Image(Entry("x", 'L', size: 2L << 30)));
        var headers = Enumerable.Range(0, 200).Select(i => Pax($"SCHILY.xattr.user.a{i}", new string('x', 60_000))).ToArray();
        await RefusedAsync("extension headers", Image([.. headers, Entry("f")]));
    }

    [Fact]
    public async Task Pull_NotAnArchive_IsRefused()
    {
        await RefusedAsync("checksum", new ImageBuilder().RawLayer([.. Enumerable.Repeat((byte)'x', 2000)]));
        await RefusedAsync("too early", Image(Entry("f", size: 1L << 20)));
    }

    [Fact]
    public async Task Pull_WrongDiffId_IsRefused() =>
        await RefusedAsync("diff id", Compressed(ImageBuilder.Gzip([.. Entry("f", data: [1]), .. new byte[1024]])));

    [Fact]
    public async Task Pull_WrongBytes_IsRefused() => await RefusedAsync("", Honest(out var digest), () => Change(digest, bytes => bytes[^3000] ^= 1));

    [Fact]
    public async Task Pull_WrongDigest_IsRefused()
    {
        // Right size and a right archive inside: what follows a gzip member is not decoded, but is part of the digest.
        var blob = ImageBuilder.Gzip([.. Entry("f", data: [1]), .. new byte[1024]]);
        byte[] padded = [.. blob, 0, 0];
        var image = new ImageBuilder().Blob(padded, ImageBuilder.Digest([.. Entry("f", data: [1]), .. new byte[1024]]));
        await RefusedAsync("has digest", image, () => Change(ImageBuilder.Digest(padded), bytes => bytes[^1] = 1));
    }

    [Fact]
    public async Task Pull_TruncatedOrTooLong_IsRefused()
    {
        await RefusedAsync("", Honest(out var truncated), () => File.WriteAllBytes(world.Registry.BlobFile(truncated), File.ReadAllBytes(world.Registry.BlobFile(truncated))[..^100]));
        await RefusedAsync("bytes", Honest(out var longer), () => File.AppendAllText(world.Registry.BlobFile(longer), "x"));
    }

    private static ImageBuilder Honest(out string digest)
    {
        var content = new byte[20_000];
        new Random(Interlocked.Increment(ref s_count)).NextBytes(content);
        byte[] archive = [.. Entry("f", data: content), .. new byte[1024]];
        var blob = ImageBuilder.Gzip(archive);
        digest = ImageBuilder.Digest(blob);
        return new ImageBuilder().Blob(blob, ImageBuilder.Digest(archive));
    }

    private void Change(string digest, Action<byte[]> change)
    {
        var bytes = File.ReadAllBytes(world.Registry.BlobFile(digest));
        change(bytes);
        File.WriteAllBytes(world.Registry.BlobFile(digest), bytes);
    }

    private async Task RefusedAsync(string problem, ImageBuilder image, Action? tamper = null)
    {
        var name = $"hostile/i{Interlocked.Increment(ref s_count)}";
        await image.PushAsync(world.Registry.Host, name, "1");
        tamper?.Invoke();
        var server = world.Server;
        MemoryFigures.ResetPeak(server.ProcessId);
        var failure = await Assert.ThrowsAsync<CriCallException>(() => server.Client.ImageAsync<PullImageResponse>(
            new PullImageRequest { Image = new ImageSpec { Image = $"{world.Registry.Host}/{name}:1" } }, Patience.Seconds(60)));
        Assert.True(failure.Detail.Contains(problem, StringComparison.Ordinal) && failure.Detail.Contains(name, StringComparison.Ordinal), failure.Detail);
        var grown = (MemoryFigures.PeakKilobytes(server.ProcessId) - world.IdleKilobytes) / 1024.0;
        Assert.True(grown <= MaxGrowthMegabytes, $"the server grew by {grown:F1} MB");
        world.AssertUntouched();
    }

    /// <summary>A server, a registry and a folder that must stay as it is.</summary>
    public sealed class World : IAsyncLifetime, IDisposable
    {
        private readonly TempFolder _outside = new();
        private RegistryProcess? _registry;
        private ServerProcess? _server;

        public RegistryProcess Registry => _registry!;

        public ServerProcess Server => _server!;

        /// <summary>Resident memory of the server when it has done what the first pull makes for all that follow.</summary>
        public long IdleKilobytes { get; private set; }

        public string Outside => _outside.Path;

        public string Secret => _outside.Combine("secret");

        public async Task InitializeAsync()
        {
            await File.WriteAllTextAsync(Secret, "secret");
            _registry = await RegistryProcess.StartAsync();
            _server = await ServerProcess.StartAsync();

            await ImageBuilder.Busybox().PushAsync(_registry.Host, "honest", "1");
            await _server.Client.ImageAsync<PullImageResponse>(new PullImageRequest { Image = new ImageSpec { Image = $"{_registry.Host}/honest:1" } });
            IdleKilobytes = MemoryFigures.Kilobytes(_server.ProcessId, "Rss");
        }

        public async Task DisposeAsync()
        {
            await _server!.DisposeAsync();
            _registry!.Dispose();
        }

        public void Dispose() => _outside.Dispose();

        public void AssertUntouched()
        {
            Assert.Equal([Secret], Directory.GetFileSystemEntries(Outside));
            Assert.Equal("secret", File.ReadAllText(Secret));
            Assert.Single(Directory.GetFileSystemEntries(Path.Combine(Server.Root, "layers"), "sha256-*"));
            Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(Server.Root, "layers"), ".staging*"));
            for (var folder = new DirectoryInfo(Server.Root); folder is not null; folder = folder.Parent)
            {
                Assert.False(File.Exists(Path.Combine(folder.FullName, Escape)));
            }
        }
    }
}
