using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Tests.Fakes;
using CriShim.TestKit.Streaming;

namespace CriShim.CriServer.Tests.Streaming;

public sealed class StreamingTlsTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Exec_GeneratedCertificate_RunsOverTls()
    {
        await using var world = await StreamingWorld.StartAsync(new StreamingOptions { Tls = new StreamingTlsOptions { Enabled = true } });
        Assert.Equal("https", world.BaseUrl.Scheme);
        await using var client = await StreamingWorld.SpdyAsync(world.CommandUrl("o"));
        var stdout = await client.OpenAsync(("streamtype", "stdout"));
        var error = await client.OpenAsync(("streamtype", "error"));
        var process = await world.Containers.NextProcessAsync();
        var text = new string('s', 500_000);
        await process.WritesStdout.WriteAsync(System.Text.Encoding.ASCII.GetBytes(text));
        process.End(0);
        Assert.Equal(text, await stdout.ReadTextAsync());
        Assert.Contains("Success", await error.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_ChangedFiles_AreReadAgainAndBrokenOnesAreNot()
    {
        Write("CN=first", DateTime.UtcNow.AddMinutes(-2));
        var tls = new StreamingTlsOptions { Enabled = true, CertificateFile = _folder["c.pem"], KeyFile = _folder["k.pem"] };
        await using var world = await StreamingWorld.StartAsync(new StreamingOptions { Tls = tls });
        Assert.Equal("CN=first", await SubjectAsync(world));
        Write("CN=second", DateTime.UtcNow.AddMinutes(-1));
        Assert.Equal("CN=second", await SubjectAsync(world));
        File.WriteAllText(_folder["c.pem"], "not a certificate");
        Assert.Equal("CN=second", await SubjectAsync(world));
    }

    [Fact]
    public async Task Start_NoSuchCertificate_IsAnError()
    {
        var tls = new StreamingTlsOptions { Enabled = true, CertificateFile = _folder["none"], KeyFile = _folder["none"] };
        await Assert.ThrowsAsync<CriException>(() => StreamingWorld.StartAsync(new StreamingOptions { Tls = tls }));
    }

    private static async Task<string> SubjectAsync(StreamingWorld world)
    {
        using var connection = await UpgradedConnection.SpdyAsync(new Uri(world.BaseUrl, "exec/none").AbsoluteUri, "v4.channel.k8s.io");
        Assert.Equal(404, connection.Status);
        return ((SslStream)connection.Stream).RemoteCertificate!.Subject;
    }

    private void Write(string name, DateTime modified)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest(name, key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(_folder["c.pem"], certificate.ExportCertificatePem());
        File.WriteAllText(_folder["k.pem"], key.ExportPkcs8PrivateKeyPem());
        File.SetLastWriteTimeUtc(_folder["c.pem"], modified);
        File.SetLastWriteTimeUtc(_folder["k.pem"], modified);
    }
}
