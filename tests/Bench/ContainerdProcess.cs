using System.Diagnostics;
using CriShim.Cri.V1;
using CriShim.TestKit;

namespace CriShim.Bench;

/// <summary>Debian's containerd with folders of its own, as a CRI server to compare with.</summary>
internal sealed class ContainerdProcess : IDisposable
{
    private readonly Process _process;

    private ContainerdProcess(string program, TempFolder folder)
    {
        var socket = folder.Combine("c.sock");
        var config = folder.Combine("config.toml");
        File.WriteAllText(config, $"""
            version = 2
            root = "{folder.Combine("root")}"
            state = "{folder.Combine("state")}"
            disabled_plugins = ["io.containerd.snapshotter.v1.devmapper"]
            [grpc]
              address = "{socket}"
            """);
        _process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"exec '{program}' --config '{config}' >'{folder.Combine("log")}' 2>&1 </dev/null"]))
            ?? throw new InvalidOperationException("containerd did not start");
        Client = new CriClient(socket);
    }

    public static string? Program { get; } = Command.Find("containerd");

    public int ProcessId => _process.Id;

    public CriClient Client { get; }

    public static async Task<ContainerdProcess> StartAsync(string program, TempFolder folder)
    {
        var containerd = new ContainerdProcess(program, folder);
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await containerd.Client.ImageAsync<ListImagesResponse>(new ListImagesRequest());
                return containerd;
            }
            catch (Exception e) when (e is HttpRequestException or CriCallException && clock.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(50);
            }
        }
    }

    public void Dispose()
    {
        Client.Dispose();
        Command.Run("/bin/kill", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        _process.WaitForExit();
        _process.Dispose();
    }
}
