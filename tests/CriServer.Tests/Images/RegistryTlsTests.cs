using CriShim.CriServer.Errors;
using CriShim.CriServer.Tests.Fakes;

namespace CriShim.CriServer.Tests.Images;

public sealed class RegistryTlsTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly FakeRegistry _registry = new();
    private readonly ImageStack _stack = new();
    private readonly TlsProxy _tls;

    public RegistryTlsTests() => _tls = new TlsProxy(_registry.Host);

    private string Image => $"{_tls.Host}/app:v1";

    public Task InitializeAsync()
    {
        _registry.Push("app", "v1", new TarBuilder().File("f", "x").Build());
        return Task.CompletedTask;
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        await _tls.DisposeAsync();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task Pull_UnknownAuthority_IsRefusedAndSaidSo()
    {
        var error = await _stack.PullFailsAsync(Image);
        Assert.Contains("tls: ", error.Message);
        Assert.Equal(CriErrorKind.Unavailable, error.Kind);
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public async Task Pull_SkipVerify_Works()
    {
        Configure("skip_verify = true");
        await _stack.PullAsync(Image);
    }

    [Fact]
    public async Task Pull_ConfiguredAuthority_Works()
    {
        _stack.Folder.Write($"certs.d/{_tls.Host}/ca.pem", _tls.CertificatePem);
        Configure("ca = \"ca.pem\"");
        await _stack.PullAsync(Image);
    }

    [Fact]
    public async Task Pull_MissingAuthorityFile_IsNamed()
    {
        Configure("ca = \"none.pem\"");
        Assert.Contains("none.pem", (await _stack.PullFailsAsync(Image)).Message);
    }

    private void Configure(string setting) =>
        _stack.Folder.Write($"certs.d/{_tls.Host}/hosts.toml", $"server = \"https://{_tls.Host}\"\n{setting}\n");
}
