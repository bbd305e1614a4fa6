using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Streaming.Hosting;

/// <summary>The streaming server's certificate: from files, read again when they change, or self-signed and made at start.</summary>
internal sealed class ServerCertificate : IDisposable
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromDays(3650);

    private readonly StreamingTlsOptions _options;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private X509Certificate2 _current;
    private (DateTime, DateTime) _version;

    /// <exception cref="CriException">The files cannot be used.</exception>
    public ServerCertificate(StreamingTlsOptions options, IPAddress address, TimeProvider time, ILogger log)
    {
        _options = options;
        _log = log;
        if (options.CertificateFile.Length == 0)
        {
            _current = SelfSigned(address, time.GetUtcNow());
            return;
        }

        try
        {
            _version = Version();
            _current = Read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new CriException(CriErrorKind.FailedPrecondition, $"failed to read certificate \"{options.CertificateFile}\": {e.Message}", e);
        }
    }

    /// <summary>The one for a handshake that begins now.</summary>
    public X509Certificate2 Current()
    {
        if (_options.CertificateFile.Length == 0)
        {
            return _current;
        }

        lock (_gate)
        {
            var version = Version();
            if (version != _version)
            {
                _version = version;
                ReadAgain();
            }

            return _current;
        }
    }

    public void Dispose() => _current.Dispose();

    private void ReadAgain()
    {
        try
        {
            // The old one may be in use by a handshake: the collector takes it.
            _current = Read();
            StreamingLog.CertificateRead(_log, _current.NotAfter.ToUniversalTime());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            StreamingLog.CertificateBroken(_log, e.Message);
        }
    }

    private (DateTime, DateTime) Version() => (File.GetLastWriteTimeUtc(_options.CertificateFile), File.GetLastWriteTimeUtc(_options.KeyFile));

    private X509Certificate2 Read() => X509Certificate2.CreateFromPemFile(_options.CertificateFile, _options.KeyFile);

    private static X509Certificate2 SelfSigned(IPAddress address, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=crishim", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false)); // server authentication
        return request.CreateSelfSigned(now.AddMinutes(-5), now + s_lifetime);
    }
}
