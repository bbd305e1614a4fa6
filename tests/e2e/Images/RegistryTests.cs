using System.Diagnostics;
using System.Formats.Tar;
using CriShim.Cri.V1;
using CriShim.TestKit;

namespace CriShim.E2e.Images;

/// <summary>The published server against a real registry behind TLS and a password, and against one that misbehaves.</summary>
public sealed class RegistryTests(RegistryTests.Setup setup) : IClassFixture<RegistryTests.Setup>
{
    private const int DeadlineExceeded = 4;
    private const int ResourceExhausted = 8;

    private readonly ServerProcess _server = setup.Server;
    private readonly TestCertificates _certificates = setup.Certificates;

    /// <summary>A server with a folder of registry hosts of its own.</summary>
    public sealed class Setup : IAsyncLifetime
    {
        private readonly LeakCheck _leaks = new();

        public TempFolder Hosts { get; } = new("crishim-certs-");

        public TestCertificates Certificates { get; } = new();

        public ServerProcess Server { get; private set; } = null!;

        public async Task InitializeAsync() =>
            Server = await ServerProcess.StartAsync($$"""{"images":{"registryConfigFolders":["{{Hosts.Path}}"],"retryDelayMilliseconds":20} }""");

        public async Task DisposeAsync()
        {
            await Server.DisposeAsync();
            Hosts.Dispose();
            Certificates.Dispose();
            await _leaks.AssertCleanAsync();
        }
    }

    [Fact]
    public async Task Pull_TlsClientCertificateAndPassword_Works()
    {
        using var plain = await RegistryProcess.StartAsync();
        using var secured = await RegistryProcess.StartSecuredAsync(plain, _certificates);
        await ImageBuilder.Busybox().PushAsync(plain.Host, "private/busybox", "1");
        var image = $"{secured.Host}/private/busybox:1";
        Configure(secured.Host.Replace(':', '_') + "_", $"""
            server = "https://{secured.Host}"
            ca = "ca.pem"
            client = [["client.pem", "client.key"]]
            """);
        var id = await PullAsync(image, new AuthConfig { Username = RegistryProcess.User, Password = RegistryProcess.Password });
        Assert.StartsWith("sha256:", id);

        var clock = Stopwatch.StartNew();
        var error = await Assert.ThrowsAsync<CriCallException>(() => PullAsync(image, new AuthConfig { Username = RegistryProcess.User, Password = "guessed" }));
        Assert.Contains("401 unauthorized", error.Detail);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, Patience.Seconds(5).TotalSeconds);
        Assert.DoesNotContain(RegistryProcess.Password, _server.Log());
        Assert.DoesNotContain("guessed", _server.Log() + error.Detail);

        // The same contents as a mirror at a path of its own.
        Configure("registry.example", $"""
            server = "https://127.0.0.1:1"
            [host."http://{plain.Host}/v2"]
            override_path = true
            capabilities = ["pull", "resolve"]
            """);
        Assert.Equal(id, await PullAsync("registry.example/private/busybox:1"));
    }

    [Fact]
    public async Task Pull_RegistryThatBreaksAndIsBusy_GivesTheRightImage()
    {
        await using var registry = await FaultRegistry.StartAsync();
        var bytes = Noise(3 << 20);
        registry.Add(Files(bytes), "app", "v1");
        var drops = Faults.DropAfter(1_500_000);
        var busy = Faults.Status(429, 1, "1");
        registry.Fault = async (context, content) => await busy(context, content) || await drops(context, content);
        await PullAsync($"{registry.Host}/app:v1");
        Assert.InRange(registry.LayerRequests.Count(), 3, 9);
        var file = Directory.EnumerateFiles(Path.Combine(_server.Root, "layers"), "file", SearchOption.AllDirectories)
            .Single(path => new FileInfo(path).Length == bytes.Length);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file));
    }

    [Fact]
    public async Task Pull_DeadlinePasses_TheNextCallGetsTheSameWork()
    {
        await using var registry = await FaultRegistry.StartAsync();
        registry.Add(Files(Noise(100_000)), "app", "v1");
        registry.Fault = async (_, content) =>
        {
            await Task.Delay(content is not null && FaultRegistry.IsLayer(content) ? 2000 : 0);
            return false;
        };
        var request = new PullImageRequest { Image = new ImageSpec { Image = $"{registry.Host}/app:v1" } };
        var error = await Assert.ThrowsAsync<CriCallException>(
            () => _server.Client.ImageAsync<PullImageResponse>(request, TimeSpan.FromMilliseconds(500)));
        Assert.Equal(DeadlineExceeded, error.Code);
        await PullAsync($"{registry.Host}/app:v1");
        Assert.Single(registry.LayerRequests);
    }

    [Fact]
    public async Task Pull_DiskFull_IsSaidSoAndLeavesNothing()
    {
        await using var registry = await FaultRegistry.StartAsync();
        registry.Add(Files(Noise(9 << 20)), "large", "v1");
        registry.Add(Files(new byte[64 << 20]), "zeros", "v1");
        var layers = Path.Combine(_server.Root, "layers");
        Command.Run("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", layers);
        try
        {
            var before = await Assert.ThrowsAsync<CriCallException>(() => PullAsync($"{registry.Host}/large:v1"));
            Assert.Equal(ResourceExhausted, before.Code);
            Assert.Contains("MB are needed", before.Detail);
            Assert.Empty(registry.LayerRequests);

            var inside = await Assert.ThrowsAsync<CriCallException>(() => PullAsync($"{registry.Host}/zeros:v1"));
            Assert.Equal(ResourceExhausted, inside.Code);
            Assert.Contains("no space left", inside.Detail);
            Assert.Empty(Directory.EnumerateFileSystemEntries(layers));
        }
        finally
        {
            Command.Run("umount", layers);
        }
    }

    private void Configure(string host, string text)
    {
        var folder = Directory.CreateDirectory(setup.Hosts.Combine(host)).FullName;
        File.WriteAllText(Path.Combine(folder, "hosts.toml"), text);
        File.WriteAllText(Path.Combine(folder, "ca.pem"), _certificates.AuthorityPem);
        File.WriteAllText(Path.Combine(folder, "client.pem"), _certificates.ClientPem);
        File.WriteAllText(Path.Combine(folder, "client.key"), _certificates.ClientKeyPem);
    }

    private async Task<string> PullAsync(string image, AuthConfig? auth = null)
    {
        var request = new PullImageRequest { Image = new ImageSpec { Image = image }, Auth = auth };
        return (await _server.Client.ImageAsync<PullImageResponse>(request, Patience.Seconds(60))).ImageRef;
    }

    private static ImageBuilder Files(byte[] content) => new ImageBuilder().Layer(tar =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "file") { Mode = (UnixFileMode)0x1A4, DataStream = new MemoryStream(content) }));

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
