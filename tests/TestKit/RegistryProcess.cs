using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace CriShim.TestKit;

/// <summary>A docker-registry (Debian's package) on a free loopback port, plain HTTP, with a data folder of its own.</summary>
public sealed class RegistryProcess : IDisposable
{
    private readonly TempFolder _folder = new("crishim-registry-");
    private readonly Process _process;

    private RegistryProcess(int port)
    {
        Host = $"127.0.0.1:{port}";
        var config = _folder.Combine("registry.yml");
        File.WriteAllText(config, $$$"""
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: {{{_folder.Combine("data")}}}}, delete: {enabled: true}}
            http: {addr: {{{Host}}}}
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

    /// <summary>The file that holds a blob; the registry serves it as it is then, right or wrong.</summary>
    public string BlobFile(string digest) =>
        _folder.Combine("data", "docker", "registry", "v2", "blobs", "sha256", digest["sha256:".Length..][..2], digest["sha256:".Length..], "data");

    public static async Task<RegistryProcess> StartAsync()
    {
        var registry = new RegistryProcess(FreePort());
        using var http = new HttpClient();
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://{registry.Host}/v2/"));
                answer.EnsureSuccessStatusCode();
                return registry;
            }
            catch (HttpRequestException) when (deadline.Elapsed < TimeSpan.FromSeconds(20) && !registry._process.HasExited)
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
