using System.Net.Sockets;
using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.Sandboxes;
using CriShim.E2e.Networking;
using CriShim.Runtime.Contract;
using CriShim.TestKit;

namespace CriShim.E2e.Streams;

/// <summary>Connections into a network namespace that has no container.</summary>
public sealed class PodDialerTests : IDisposable
{
    private readonly TestNamespace _namespace = new();
    private readonly IoLoop _io = new();
    private readonly SandboxStore _sandboxes = new(_ => { });
    private readonly PodDialer _dialer;

    public PodDialerTests() =>
        _dialer = new PodDialer(_sandboxes, new RuntimeClient(new RuntimeProcess(RuntimeBinary.Open(Binaries.Runtime), _io), _io, new StateLayout("/nowhere")));

    public void Dispose()
    {
        _io.Dispose();
        _namespace.Dispose();
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork, "127.0.0.1")]
    [InlineData(AddressFamily.InterNetworkV6, "::1")]
    public async Task Connect_ListenerInThePod_IsReached(AddressFamily family, string seen)
    {
        using var server = _namespace.Serve(8123, family);
        var sandbox = Add(NamespaceMode.Pod);
        for (var i = 0; i < 20; i++)
        {
            await using var connection = await _dialer.ConnectAsync(sandbox, 8123, default);
            Assert.Contains(seen, await connection.ReadTextAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Connect_NobodyListens_SaysRefused()
    {
        // The same port on the host is somebody else's.
        using var host = new TcpListener(System.Net.IPAddress.Loopback, 0);
        host.Start();
        var port = (ushort)((System.Net.IPEndPoint)host.LocalEndpoint).Port;
        var failure = await Assert.ThrowsAsync<CriException>(() => _dialer.ConnectAsync(Add(NamespaceMode.Pod), port, default));
        Assert.Contains("connection refused", failure.Message.ToLowerInvariant(), StringComparison.Ordinal);
        await using var connection = await _dialer.ConnectAsync(Add(NamespaceMode.Node), port, default);
        using var accepted = await host.AcceptSocketAsync();
        await connection.WriteTextAsync("x");
        Assert.Equal(1, await accepted.ReceiveAsync(new byte[8]));
    }

    [Fact]
    public async Task Connect_SandboxGone_Fails()
    {
        var sandbox = Add(NamespaceMode.Pod);
        _sandboxes.Update(sandbox, s => s with { StoppedAt = 5 });
        Assert.Equal(CriErrorKind.FailedPrecondition, (await Assert.ThrowsAsync<CriException>(() => _dialer.ConnectAsync(sandbox, 80, default))).Kind);
    }

    private string Add(NamespaceMode network)
    {
        var pin = Path.GetFileName(_namespace.Path)["cni-".Length..];
        var id = network == NamespaceMode.Pod ? pin : "host" + pin;
        _sandboxes.Add(new Sandbox { Id = id, Config = Configs.Pod(network: network), RuntimeHandler = "", CreatedAt = 1, ReadyAt = 2 });
        return id;
    }
}
