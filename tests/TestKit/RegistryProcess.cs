using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace CriShim.TestKit;

/// <summary>
/// A docker-registry (Debian's package) on a free loopback port: over plain HTTP with a data folder of its own, or over TLS in front of
/// another's contents.
/// </summary>
public sealed class RegistryProcess : IDisposable
{
    /// <summary>Who may use a secured registry.</summary>
    public const string User = "me";

    /// <inheritdoc cref="User"/>
    public const string Password = "open sesame";

    private const string PasswordFile = "me:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n";

    private readonly TempFolder _folder = new("crishim-registry-");
    private readonly Process _process;

    private RegistryProcess(int port, RegistryProcess? contents, TestCertificates? certificates)
    {
        Host = $"127.0.0.1:{port}";
        DataFolder = contents?.DataFolder ?? _folder.Combine("data");
        var config = _folder.Combine("registry.yml");
        File.WriteAllText(config, $$$"""
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: {{{DataFolder}}}}, delete: {enabled: true}}
            {{{(certificates is null ? $"http: {{addr: {Host}}}" : Secured(certificates))}}}
            """);
        var program = Command.Find("docker-registry") ?? throw new FileNotFoundException("docker-registry is missing: run hack/install-deps.sh");
        var info = new ProcessStartInfo(program, ["serve", config]) { RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["OTEL_TRACES_EXPORTER"] = "none";
        _process = Process.Start(info) ?? throw new InvalidOperationException("docker-registry did not start");
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>host:port.</summary>
    public string Host { get; }

    private string DataFolder { get; }

    /// <summary>The file that holds a blob; the registry serves it as it is then, right or wrong.</summary>
    public string BlobFile(string digest) =>
        Path.Combine(DataFolder, "docker", "registry", "v2", "blobs", "sha256", digest["sha256:".Length..][..2], digest["sha256:".Length..], "data");

    public static Task<RegistryProcess> StartAsync() => WaitAsync(new RegistryProcess(FreePort(), null, null));

    /// <summary>The contents of <paramref name="contents"/> over TLS, for who has a client certificate, the user and the password.</summary>
    public static Task<RegistryProcess> StartSecuredAsync(RegistryProcess contents, TestCertificates certificates) =>
        WaitAsync(new RegistryProcess(FreePort(), contents, certificates));

    private string Secured(TestCertificates certificates)
    {
        File.WriteAllText(_folder.Combine("ca.pem"), certificates.AuthorityPem);
        File.WriteAllText(_folder.Combine("cert.pem"), certificates.ServerPem);
        File.WriteAllText(_folder.Combine("key.pem"), certificates.ServerKeyPem);
        File.WriteAllText(_folder.Combine("htpasswd"), PasswordFile);
        return $"""
            auth:
              htpasswd:
                realm: test
                path: {_folder.Combine("htpasswd")}
            http:
              addr: {Host}
              tls:
                certificate: {_folder.Combine("cert.pem")}
                key: {_folder.Combine("key.pem")}
                clientcas: [{_folder.Combine("ca.pem")}]
            """;
    }

    private static async Task<RegistryProcess> WaitAsync(RegistryProcess registry)
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync(IPEndPoint.Parse(registry.Host));
                return registry;
            }
            catch (SocketException) when (deadline.Elapsed < Patience.Seconds(20) && !registry._process.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
