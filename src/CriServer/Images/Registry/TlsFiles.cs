using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CriShim.CriServer.Images.Registry;

/// <summary>What TLS settings mean for a connection; reads the certificate files.</summary>
internal static class TlsFiles
{
    /// <summary>The latest change of any file, in ticks of UTC; a file that is not there counts as very old.</summary>
    public static long LastChange(RegistryTls tls) =>
        tls.CaPaths.Concat(tls.ClientPairs.SelectMany(p => new[] { p.Certificate, p.Key }))
            .Select(path => File.GetLastWriteTimeUtc(path).Ticks)
            .DefaultIfEmpty().Max();

    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="CryptographicException">A file is not what it should be; the text names it.</exception>
    public static void Configure(SslClientAuthenticationOptions ssl, RegistryTls tls)
    {
        // What OpenSSL's configuration allows may be older.
#pragma warning disable CA5398
        ssl.EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
#pragma warning restore CA5398
        AddClientCertificates(ssl, tls);
        if (tls.SkipVerify)
        {
            // Asked for by the host's own configuration file, and nothing else.
#pragma warning disable CA5359
            ssl.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (tls.CaPaths.Count > 0)
        {
            ssl.CertificateChainPolicy = PolicyWithRoots(tls.CaPaths);
        }
    }

    private static void AddClientCertificates(SslClientAuthenticationOptions ssl, RegistryTls tls)
    {
        var pairs = tls.ClientPairs;
        if (pairs.Count == 1)
        {
            // With the certificates between ours and its authority, should the file have them.
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(pairs[0].Certificate);
            ssl.ClientCertificateContext = SslStreamCertificateContext.Create(ReadPair(pairs[0]), chain, offline: true);
        }
        else if (pairs.Count > 1)
        {
            ssl.ClientCertificates = [.. pairs.Select(ReadPair)];
        }
    }

    private static X509Certificate2 ReadPair((string Certificate, string Key) pair)
    {
        try
        {
            return X509Certificate2.CreateFromPemFile(pair.Certificate, pair.Key);
        }
        catch (CryptographicException e)
        {
            throw new CryptographicException($"\"{pair.Certificate}\" and \"{pair.Key}\" are not a certificate and its key", e);
        }
    }

    private static X509ChainPolicy PolicyWithRoots(IEnumerable<string> files)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        foreach (var file in files)
        {
            var before = policy.CustomTrustStore.Count;
            policy.CustomTrustStore.ImportFromPemFile(file);
            if (policy.CustomTrustStore.Count == before)
            {
                throw new CryptographicException($"\"{file}\" has no certificate");
            }
        }

        // The configured authorities come on top of the system's, as with containerd.
        using var system = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
        policy.CustomTrustStore.AddRange(system.Certificates);
        return policy;
    }
}
