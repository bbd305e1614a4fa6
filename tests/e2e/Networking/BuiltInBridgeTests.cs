
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Networking;
using CriShim.TestKit;
using Xunit.Abstractions;

namespace CriShim.E2e.Networking;

public class BuiltInBridgeTests(ITestOutputHelper output)
{
    private static PortMapping Tcp(int hostPort, int containerPort, string hostIp = "") => new(PortProtocol.Tcp, containerPort, hostPort, hostIp);

    [Fact]
    public async Task AttachAsync_TwoPods_ReachEachOtherAndTheMachineReachesThem()
    {
        using var one = new TestNamespace();
        using var two = new TestNamespace();
        await using var fixture = new NetworkFixture();
        var address1 = await fixture.AttachAsync(one);
        var address2 = await fixture.AttachAsync(two);
        using var server1 = one.Serve(8080);

        Assert.NotEqual(address1, address2);
        Assert.Equal(address2, await two.AskAsync(address1, 8080));
        Assert.NotEmpty(await TestClient.AskAsync(address1, 8080));
        Command.Output("ip", "netns", "exec", Path.GetFileName(two.Path), "busybox", "ping", "-c", "1", "-W", "2", address1);
    }

    [Fact]
    public async Task AttachAsync_HostPort_IsReachedFromEverywhere()
    {
        using var one = new TestNamespace();
        using var two = new TestNamespace();
        await using var fixture = new NetworkFixture();
        await fixture.AttachAsync(one, Tcp(18080, 8080), Tcp(0, 9090));
        var address2 = await fixture.AttachAsync(two);
        using var server1 = one.Serve(8080);
        var gateway = address2[..address2.LastIndexOf('.')] + ".1";

        Assert.Equal(gateway, await TestClient.AskAsync("127.0.0.1", 18080));
        Assert.NotEmpty(await TestClient.AskAsync(gateway, 18080));
        Assert.Equal(gateway, await two.AskAsync(gateway, 18080));
        Assert.Equal(gateway, await one.AskAsync(gateway, 18080));
        Assert.Contains("18080", Command.Output("nft", "list", "table", "inet", fixture.BridgeName), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AttachAsync_HostPortOnOneAddress_IsReachedThereOnly()
    {
        using var one = new TestNamespace();
        await using var fixture = new NetworkFixture();
        var address = await fixture.AttachAsync(one, Tcp(18081, 8080, "127.0.0.1"));
        using var server1 = one.Serve(8080);
        var gateway = address[..address.LastIndexOf('.')] + ".1";

        Assert.NotEmpty(await TestClient.AskAsync("127.0.0.1", 18081));
        await Assert.ThrowsAsync<SocketException>(() => TestClient.AskAsync(gateway, 18081));
    }

    [Fact]
    public async Task AttachAsync_UdpHostPort_ReachesThePod()
    {
        using var one = new TestNamespace();
        await using var fixture = new NetworkFixture();
        await fixture.AttachAsync(one, new PortMapping(PortProtocol.Udp, 53, 18053, ""));
        using var pod = one.Run(() => new UdpClient(53));
        using var client = new UdpClient();
        await client.SendAsync("hello"u8.ToArray(), new IPEndPoint(IPAddress.Loopback, 18053));
        using var limit = new CancellationTokenSource(Patience.Seconds(3));

        var received = await pod.ReceiveAsync(limit.Token);
        await pod.SendAsync("there"u8.ToArray(), received.RemoteEndPoint);

        Assert.Equal("there"u8.ToArray(), (await client.ReceiveAsync(limit.Token)).Buffer);
    }

    [Fact]
    public async Task AttachAsync_HostPortTaken_FailsAndNamesTheOther()
    {
        using var one = new TestNamespace();
        using var two = new TestNamespace();
        await using var fixture = new NetworkFixture();
        await fixture.AttachAsync(one, Tcp(18082, 80));

        var error = await Assert.ThrowsAsync<CriException>(() => fixture.AttachAsync(two, Tcp(18082, 80)));

        Assert.Equal(CriErrorKind.FailedPrecondition, error.Kind);
        Assert.Contains(one.Id, error.Message, StringComparison.Ordinal);
    }

    /// <summary>route_localnet must not open this machine's own loopback services to pods (CVE-2020-8558).</summary>
    [Fact]
    public async Task AttachAsync_PodAsksForThisMachinesLoopback_IsDropped()
    {
        using var one = new TestNamespace();
        await using var fixture = new NetworkFixture();
        await fixture.AttachAsync(one);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var name = Path.GetFileName(one.Path);
        var gateway = Command.Output("ip", "-n", name, "route", "show", "default").Split(' ')[2];
        Command.Output("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1");
        Command.Output("ip", "-n", name, "addr", "del", "127.0.0.1/8", "dev", "lo");
        Command.Output("ip", "-n", name, "route", "add", "127.0.0.0/8", "via", gateway, "dev", "eth0");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one.AskAsync("127.0.0.1", port));

        // The counter-proof: it is the guard that stops it
        Command.Output("nft", "flush", "chain", "inet", fixture.BridgeName, "guard");
        var answer = one.AskAsync("127.0.0.1", port);
        using var limit = new CancellationTokenSource(Patience.Seconds(3));
        using var accepted = await listener.AcceptSocketAsync(limit.Token);
        await accepted.SendAsync("open"u8.ToArray(), limit.Token);
        Assert.Equal("open", await answer);
    }

    [Fact]
    public async Task AttachAsync_Ipv6Subnet_PodsHaveBoth()
    {
        using var one = new TestNamespace();
        using var two = new TestNamespace();
        await using var fixture = new NetworkFixture(new NetworkOptions { Subnet6 = "fd00:c5:c5::/64" });
        await fixture.AttachAsync(one, Tcp(18083, 8080));
        await fixture.AttachAsync(two);
        using var server1 = one.Serve(8080, AddressFamily.InterNetworkV6);

        Assert.Equal("fd00:c5:c5::3", await two.AskAsync("fd00:c5:c5::2", 8080));
        Assert.Equal("fd00:c5:c5::1", await TestClient.AskAsync("fd00:c5:c5::1", 18083));
    }

    [Fact]
    public async Task DetachAsync_LastPod_TakesEverythingAlong()
    {
        using var one = new TestNamespace();
        using var two = new TestNamespace();
        await using var fixture = new NetworkFixture();
        await fixture.AttachAsync(one, Tcp(18084, 80));
        await fixture.AttachAsync(two);

        await fixture.Network.DetachAsync(NetworkFixture.Request(one), default);
        Assert.True(Directory.Exists($"/sys/class/net/{fixture.BridgeName}"));
        Assert.DoesNotContain("18084", Command.Output("nft", "list", "table", "inet", fixture.BridgeName), StringComparison.Ordinal);
        await fixture.Network.DetachAsync(NetworkFixture.Request(two), default);
        await fixture.Network.DetachAsync(NetworkFixture.Request(two), default);

        fixture.AssertGone();
    }

    [Fact]
    public async Task RecoverAsync_AfterAKill_KeepsKnownPodsAndRemovesTheRest()
    {
        using var one = new TestNamespace();
        using var two = new TestNamespace();
        using var three = new TestNamespace();
        await using var fixture = new NetworkFixture();
        var address1 = await fixture.AttachAsync(one, Tcp(18085, 8080));
        var address2 = await fixture.AttachAsync(two, Tcp(18086, 8080));
        using var server1 = one.Serve(8080);

        await fixture.Restart().RecoverAsync([one.Id], default);

        Assert.False(Directory.Exists($"/sys/class/net/veth{two.Id[..11]}"));
        Assert.NotEmpty(await TestClient.AskAsync("127.0.0.1", 18085));
        await Assert.ThrowsAsync<SocketException>(() => TestClient.AskAsync("127.0.0.1", 18086));
        var address3 = await fixture.AttachAsync(three);
        Assert.DoesNotContain(address3, (string[])[address1, address2]);
        Assert.Equal(address3, await three.AskAsync(address1, 8080));
    }

    [Fact]
    public async Task DetachAsync_NamespaceIsGone_Succeeds()
    {
        await using var fixture = new NetworkFixture();
        using (var one = new TestNamespace())
        {
            await fixture.AttachAsync(one);
        }

        using var two = new TestNamespace();
        await fixture.AttachAsync(two);
    }

    [Fact]
    public async Task AttachAndDetachAsync_ManyAtOnce_GiveEachItsAddressAndLeaveNothing()
    {
        await using var fixture = new NetworkFixture();
        var pods = Enumerable.Range(0, 10).Select(_ => new TestNamespace()).ToList();
        try
        {
            for (var round = 0; round < 5; round++)
            {
                var addresses = await Task.WhenAll(pods.Select((pod, i) => Task.Run(() => fixture.AttachAsync(pod, Tcp(18100 + i, 80)))));
                Assert.Equal(pods.Count, addresses.Distinct().Count());
                var clock = Stopwatch.StartNew();
                await Task.WhenAll(pods.Select(pod => fixture.Network.DetachAsync(NetworkFixture.Request(pod), default)));
                output.WriteLine($"{pods.Count} detached in {clock.Elapsed.TotalMilliseconds:F1} ms");
                fixture.AssertGone();
            }
        }
        finally
        {
            pods.ForEach(pod => pod.Dispose());
        }
    }

    [Fact]
    public async Task AttachAsync_ManyTimes_IsFast()
    {
        await using var fixture = new NetworkFixture();
        using var keep = new TestNamespace();
        await MeasureAsync("alone (bridge and table made and removed)", fixture);
        await fixture.AttachAsync(keep);
        var (attach, _) = await MeasureAsync("beside another pod", fixture);
        Assert.True(attach < 25, $"attach takes {attach} ms");
    }

    /// <summary>The best of some times: what it costs on an otherwise idle machine.</summary>
    private async Task<(double Attach, double Detach)> MeasureAsync(string what, NetworkFixture fixture)
    {
        var attach = new List<double>();
        var detach = new List<double>();
        for (var i = 0; i < 30; i++)
        {
            using var pod = new TestNamespace();
            var clock = Stopwatch.StartNew();
            await fixture.AttachAsync(pod, Tcp(18090, 80));
            attach.Add(clock.Elapsed.TotalMilliseconds);
            clock.Restart();
            await fixture.Network.DetachAsync(NetworkFixture.Request(pod), default);
            detach.Add(clock.Elapsed.TotalMilliseconds);
        }

        output.WriteLine($"{what}: attach best {attach.Min():F2} ms, median {attach.Order().ElementAt(15):F2}; "
            + $"detach best {detach.Min():F2}, median {detach.Order().ElementAt(15):F2}");
        return (attach.Min(), detach.Min());
    }
}
