using System.Net;
using System.Net.Sockets;
using System.Text;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit.Streaming;

namespace CriShim.E2e.Streams;

/// <summary>Port forward through the streaming server, by SPDY.</summary>
public sealed class PortForwardTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task PodNetwork_ManyConnections_EachReachesThePod()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(NamespaceMode.Pod), "nc", "-ll", "-p", "8080", "-e", "cat");
        await Eventually.GetAsync(() => fixture.OutputAsync(pod.Container, "netstat", "-ltn"), text => text.Contains(":8080", StringComparison.Ordinal));
        await using var forward = await ForwardAsync(pod.Sandbox);

        // All are open at once, but made one by one: nc's queue is of two, and the kernel resets what comes in a burst (SYN cookies).
        var pairs = new List<(SpdyClientStream Data, SpdyClientStream Error)>();
        for (var i = 0; i < 20; i++)
        {
            var pair = await forward.OpenAsync(8080);
            await pair.Data.WriteAsync($"hello {i}");
            Assert.Equal(Encoding.UTF8.GetBytes($"hello {i}"), await pair.Data.ReadAsync());
            pairs.Add(pair);
        }

        await Task.WhenAll(pairs.Select(async pair =>
        {
            await pair.Data.WriteAsync("bye");
            await pair.Data.CloseAsync();
            Assert.Equal("bye", await pair.Data.ReadTextAsync());
            Assert.Equal("", await pair.Error.ReadTextAsync());
        }));
    }

    [Fact]
    public async Task PodNetwork_PortOfTheHost_IsRefused()
    {
        using var listener = Listen();
        await using var pod = await fixture.RunAsync(fixture.Pod(NamespaceMode.Pod), "sleep", "1000");
        await using var forward = await ForwardAsync(pod.Sandbox);
        var (_, refused) = await forward.OpenAsync(PortOf(listener));
        Assert.Contains($"port {PortOf(listener)}", await refused.ReadTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HostNetwork_EchoesAndRefuses()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        using var listener = Listen();
        var port = PortOf(listener);
        var serving = EchoOneAsync(listener);
        await using var forward = await ForwardAsync(pod.Sandbox);
        var (data, error) = await forward.OpenAsync(port);
        await data.WriteAsync("hello");
        Assert.Equal("hello"u8.ToArray(), await data.ReadAsync());
        await data.CloseAsync();
        Assert.Equal("", await error.ReadTextAsync());
        await serving;
        listener.Stop();
        var (_, refused) = await forward.OpenAsync(port);
        Assert.Contains($"port {port}", await refused.ReadTextAsync(), StringComparison.Ordinal);
        await forward.Client.PingAsync();
    }

    /// <summary>A message would have the usual clients end the whole session: only the pair's stream is reset.</summary>
    [Fact]
    public async Task PodResetsAConnection_OthersGoOn()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        using var listener = Listen();
        await using var forward = await ForwardAsync(pod.Sandbox);
        var (lost, lostError) = await forward.OpenAsync(PortOf(listener));
        await lost.WriteAsync("x");
        using (var accepted = await listener.AcceptSocketAsync())
        {
            Assert.Equal(1, await accepted.ReceiveAsync(new byte[8]));
            accepted.LingerState = new LingerOption(true, 0);
        }

        await Assert.ThrowsAsync<SpdyResetException>(() => lost.ReadTextAsync());
        Assert.Equal("", await lostError.ReadTextAsync());
        var serving = EchoOneAsync(listener);
        var (data, _) = await forward.OpenAsync(PortOf(listener));
        await data.WriteAsync("again");
        await data.CloseAsync();
        Assert.Equal("again", await data.ReadTextAsync());
        await serving;
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static async Task EchoOneAsync(TcpListener listener)
    {
        using var accepted = await listener.AcceptTcpClientAsync();
        await accepted.GetStream().CopyToAsync(accepted.GetStream());
    }

    private async Task<Forward> ForwardAsync(string sandbox)
    {
        var url = (await fixture.Client.RuntimeAsync<PortForwardResponse>(new PortForwardRequest { PodSandboxId = sandbox })).Url;
        return new Forward(await UpgradedConnection.SpdyAsync(url, "portforward.k8s.io"));
    }

    /// <summary>A client's session, in which each connection is a pair of streams.</summary>
    private sealed class Forward(UpgradedConnection connection) : IAsyncDisposable
    {
        private int _requests;

        public SpdyClient Client { get; } = new(connection.Stream);

        public async Task<(SpdyClientStream Data, SpdyClientStream Error)> OpenAsync(int port)
        {
            var request = $"{Interlocked.Increment(ref _requests)}";
            var error = await Client.OpenAsync(("streamtype", "error"), ("port", $"{port}"), ("requestid", request));
            return (await Client.OpenAsync(("streamtype", "data"), ("port", $"{port}"), ("requestid", request)), error);
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            connection.Dispose();
        }
    }
}
