using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using CriShim.CriServer.Configuration;

namespace CriShim.CriServer.Images.Registry;

/// <summary>HTTP connections to registries: one pool per way of TLS, kept only while they are in use.</summary>
internal sealed class RegistryHttp(ImageOptions options) : IDisposable
{
    private static readonly TimeSpan s_idleLimit = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<RegistryTls, HttpMessageInvoker> _pools = new();

    /// <exception cref="IOException">A certificate file cannot be read.</exception>
    public HttpMessageInvoker For(RegistryTls tls) => _pools.GetOrAdd(tls, Create);

    public void Dispose()
    {
        foreach (var pool in _pools.Values)
        {
            pool.Dispose();
        }
    }

    private HttpMessageInvoker Create(RegistryTls tls)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // RegistryClient follows, and decides who gets the credentials
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(options.ConnectTimeoutSeconds),
            PooledConnectionIdleTimeout = s_idleLimit,
            MaxResponseHeadersLength = 64,
            MaxResponseDrainSize = 64 * 1024,
        };
        Configure(handler.SslOptions, tls);
        return new HttpMessageInvoker(handler);
    }

    private static void Configure(SslClientAuthenticationOptions ssl, RegistryTls tls)
    {
        if (tls.ClientCertificate.Length > 0)
        {
            ssl.ClientCertificates = [X509Certificate2.CreateFromPemFile(tls.ClientCertificate, tls.ClientKey)];
        }

        if (tls.SkipVerify)
        {
            // Asked for by the host's own configuration file, and nothing else.
#pragma warning disable CA5359
            ssl.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (tls.CaFiles.Length > 0)
        {
            ssl.CertificateChainPolicy = PolicyWithRoots(tls.CaFiles.Split(RegistryTls.PathSeparator));
        }
    }

    private static X509ChainPolicy PolicyWithRoots(IEnumerable<string> files)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        foreach (var file in files)
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }

        // The configured authorities come on top of the system's, as with containerd.
        using var system = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
        policy.CustomTrustStore.AddRange(system.Certificates);
        return policy;
    }
}
