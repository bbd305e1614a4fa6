using System.Net;
using CriShim.Cri.V1;
using CriShim.CriServer.Tests.Fakes;
using CriShim.TestKit;

namespace CriShim.CriServer.Tests.Images;

/// <summary>TLS, HTTP/2, client certificates, and what redirected requests carry.</summary>
public sealed class RegistryHttp2Tests : IAsyncLifetime, IAsyncDisposable
{
    private readonly ImageStack _stack = new();
    private readonly TestCertificates _certificates = new();
    private FaultRegistry _registry = null!;
    private FaultRegistry _other = null!;

    private string Image => $"{_registry.Host}/app:v1";

    public async Task InitializeAsync()
    {
        _registry = await FaultRegistry.StartAsync(_certificates, wantsClientCertificate: true);
        _registry.Add(new ImageBuilder().RawLayer(new TarBuilder().File("f", new string('x', 300_000)).Build()), "app", "v1");
        _other = await FaultRegistry.StartAsync(_certificates);
        _other.AddAll(_registry);
        var folder = $"certs.d/{_registry.Host}";
        _stack.Folder.Write($"{folder}/ca.pem", _certificates.AuthorityPem);
        _stack.Folder.Write($"{folder}/client.pem", _certificates.ClientPem + "\n" + _certificates.ClientKeyPem);
        Configure("ca = \"ca.pem\"\nclient = \"client.pem\"\n[header]\nx-team = \"secret\"");
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        await _registry.DisposeAsync();
        await _other.DisposeAsync();
        _certificates.Dispose();
    }

    [Fact]
    public async Task Pull_TlsWithClientCertificate_IsHttp2()
    {
        await _stack.PullAsync(Image);
        Assert.Equal(3, _registry.Requests.Count);
        Assert.All(_registry.Requests, r => Assert.Equal(("HTTP/2", "CN=test client", "secret"), (r.Protocol, r.ClientCertificate, r.Headers["x-team"].ToString())));
    }

    [Fact]
    public async Task Pull_PairsOfFiles_AreUsed()
    {
        _stack.Folder.Write($"certs.d/{_registry.Host}/c.crt", _certificates.ClientPem);
        _stack.Folder.Write($"certs.d/{_registry.Host}/c.key", _certificates.ClientKeyPem);
        Configure("ca = \"ca.pem\"\nclient = [[\"c.crt\", \"c.key\"], [\"client.pem\", \"\"]]");
        await _stack.PullAsync(Image);
    }

    [Fact]
    public async Task Pull_WithoutClientCertificate_FailsClearly()
    {
        Configure("ca = \"ca.pem\"");
        Assert.Contains(_registry.Host, (await _stack.PullFailsAsync(Image)).Message);
        Assert.Empty(_registry.Requests);
    }

    [Fact]
    public async Task Pull_WrongCertificateFiles_AreNamed()
    {
        _stack.Folder.Write($"certs.d/{_registry.Host}/none.pem", "no certificate");
        Configure("ca = \"none.pem\"");
        Assert.Contains("none.pem\" has no certificate", (await _stack.PullFailsAsync(Image)).Message);
        Configure("ca = \"ca.pem\"\nclient = \"none.pem\"");
        Assert.Contains("none.pem", (await _stack.PullFailsAsync(Image)).Message);
    }

    [Fact]
    public async Task Pull_CertificateFileThatChanged_IsReadAgain()
    {
        Configure("ca = \"later.pem\"\nclient = \"client.pem\"");
        using var wrong = new TestCertificates();
        _stack.Folder.Write($"certs.d/{_registry.Host}/later.pem", wrong.AuthorityPem);
        Assert.Contains("tls: ", (await _stack.PullFailsAsync(Image)).Message);
        _stack.Folder.Write($"certs.d/{_registry.Host}/later.pem", _certificates.AuthorityPem);
        await _stack.PullAsync(Image);
    }

    [Fact]
    public async Task Pull_RedirectToAnotherHost_TrustsTheSameAuthorityAndTellsItNothing()
    {
        var redirect = Faults.Redirect($"https://{_other.Host}");
        _registry.Fault = (context, content) => context.Request.Headers.Authorization.Count > 0 ? redirect(context, content) : ChallengeAsync(context);
        await _stack.PullAsync(Image, new AuthConfig { Username = "me", Password = "secret" });
        Assert.Equal(2, _other.Requests.Count);
        Assert.All(_other.Requests, r => Assert.True(r.Authorization is null && r.ClientCertificate is null && r.Headers["x-team"].Count == 0));
    }

    [Fact]
    public async Task Pull_RedirectFromTlsToPlainHttp_IsRefused()
    {
        _registry.Fault = Faults.Redirect("http://127.0.0.1:1");
        Assert.Contains("redirect from https to http is refused", (await _stack.PullFailsAsync(Image)).Message);
    }

    [Fact]
    public async Task Pull_RedirectToADeadHost_NamesBoth()
    {
        _registry.Fault = Faults.Redirect("https://127.0.0.1:1");
        Assert.Contains($"https://{_registry.Host}: redirected to https://127.0.0.1:1: connection refused", (await _stack.PullFailsAsync(Image)).Message);
    }

    private void Configure(string text) =>
        _stack.Folder.Write($"certs.d/{_registry.Host}/hosts.toml", $"server = \"https://{_registry.Host}\"\n{text}\n");

    private static Task<bool> ChallengeAsync(Microsoft.AspNetCore.Http.HttpContext context)
    {
        context.Response.StatusCode = (int)HttpStatusCode.Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"r\"";
        return Task.FromResult(true);
    }
}
