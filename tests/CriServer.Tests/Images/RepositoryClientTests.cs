using System.Text;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Images;
using CriShim.CriServer.Images.Content;
using CriShim.CriServer.Images.Registry;
using CriShim.CriServer.Tests.Fakes;
using CriShim.Oci.ImageSpec;
using CriShim.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CriShim.CriServer.Tests.Images;

public sealed class RepositoryClientTests : IAsyncLifetime, IAsyncDisposable
{
    private const string Index = """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}""";

    private readonly FakeRegistry _registry = new();
    private readonly Digest _subject = BlobIngest.DigestOf("x"u8);

    public Task InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    [Fact]
    public async Task FindReferrers_ByTheApi_ElseByTheTag_ElseNone()
    {
        using var http = new RegistryHttp(new ImageOptions(), TimeProvider.System);
        using var client = Client($"http://{_registry.Host}/v2", http);
        Assert.Null(await client.FindReferrersAsync(_subject, CancellationToken.None));
        _registry.Manifest("app", $"sha256-{_subject.Hex}", MediaTypes.OciIndex, Index);
        Assert.NotNull(await client.FindReferrersAsync(_subject, CancellationToken.None));
        _registry.Requests.Clear();
        _registry.Contents[$"app/referrers/{_subject}"] = (MediaTypes.OciIndex, Encoding.UTF8.GetBytes(Index));
        Assert.NotNull(await client.FindReferrersAsync(_subject, CancellationToken.None));
        Assert.Single(_registry.Requests);
    }

    [Fact]
    public async Task Resolve_ThroughAProxy_AsksTheProxy()
    {
        await using var proxy = await FaultRegistry.StartAsync();
        proxy.Add(new ImageBuilder(), "app", "v1");
        using var http = new RegistryHttp(
            new ImageOptions(), TimeProvider.System, new EnvironmentProxy(name => name == "HTTP_PROXY" ? proxy.Host : null));
        using var client = Client("http://registry.test/v2", http);
        await client.ResolveAsync(CancellationToken.None);
        Assert.Equal("registry.test", Assert.Single(proxy.Requests).Headers.Host);
    }

    [Fact]
    public async Task Resolve_TlsThroughAProxyWithAPassword_IsATunnel()
    {
        using var certificates = new TestCertificates();
        await using var registry = await FaultRegistry.StartAsync(certificates);
        registry.Add(new ImageBuilder(), "app", "v1");
        using var proxy = new ConnectProxy(registry.Host);
        proxy.Start();
        using var http = new RegistryHttp(
            new ImageOptions(), TimeProvider.System, new EnvironmentProxy(name => name == "https_proxy" ? $"http://me:secret@{proxy.Host}" : null));
        using var client = Client("https://registry.test/v2", http, RegistryTls.System with { SkipVerify = true });
        await client.ResolveAsync(CancellationToken.None);
        Assert.Equal("CONNECT registry.test:443 HTTP/1.1", Assert.Single(proxy.Tunnels));
    }

    private static RepositoryClient Client(string address, RegistryHttp http, RegistryTls? tls = null) => new(
        ImageReference.Parse("registry.test/app:v1"),
        [new RegistryEndpoint { BaseAddress = address, Tls = tls ?? RegistryTls.System }],
        null, http, new ImageOptions(), TimeProvider.System, NullLogger.Instance);
}
