
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Networking;
using CriShim.CriServer.Programs;
using CriShim.Linux;
using CriShim.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace CriShim.E2e.Networking;

/// <summary>A pod network with folders and a bridge of its own. Disposing checks that no interface and no table of it is left.</summary>
internal sealed class NetworkFixture : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-network-").FullName;
    private readonly EpollLoop _loop = new();
    private readonly Thread _thread;
    private readonly List<PodNetworkRequest> _attached = [];

    public NetworkFixture(NetworkOptions? options = null)
    {
        Options = (options ?? new NetworkOptions()) with { ConfigFolder = Path.Combine(_folder, "net.d"), BridgeName = BridgeName };
        Directory.CreateDirectory(Options.ConfigFolder);
        _thread = new Thread(_loop.Run) { IsBackground = true };
        _thread.Start();
        Network = Restart();
    }

    public string BridgeName { get; } = $"cst{Guid.NewGuid():n}"[..12];

    public NetworkOptions Options { get; }

    public PodNetwork Network { get; private set; }

    /// <summary>Another instance on the same folders, as after a restart.</summary>
    public PodNetwork Restart() =>
        Network = new PodNetwork(Options, Path.Combine(_folder, "root"), new ProgramRunner(_loop), _ => { }, NullLogger.Instance);

    public static PodNetworkRequest Request(TestNamespace netns, params PortMapping[] ports) =>
        new(netns.Id, "pod", "test", "uid", netns.Path) { PortMappings = ports };

    /// <summary>Connects the pod and returns its primary address.</summary>
    public async Task<string> AttachAsync(TestNamespace netns, params PortMapping[] ports)
    {
        var request = Request(netns, ports);
        lock (_attached)
        {
            _attached.Add(request);
        }

        return (await Network.AttachAsync(request, netns.Netlink, default)).Ips[0];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var request in _attached)
        {
            await Network.DetachAsync(request, default);
        }

        _loop.Stop();
        _thread.Join();
        _loop.Dispose();
        Assert.Empty(Directory.GetFiles(Path.Combine(_folder, "root"), "*", SearchOption.AllDirectories));
        Directory.Delete(_folder, recursive: true);
        AssertGone();
    }

    public void AssertGone()
    {
        Assert.False(Directory.Exists($"/sys/class/net/{BridgeName}"), $"bridge {BridgeName} is left");
        Assert.DoesNotContain(BridgeName, Command.Output("nft", "list", "tables"), StringComparison.Ordinal);
        foreach (var request in _attached)
        {
            Assert.False(Directory.Exists($"/sys/class/net/veth{request.SandboxId[..11]}"), "veth is left");
        }
    }
}
