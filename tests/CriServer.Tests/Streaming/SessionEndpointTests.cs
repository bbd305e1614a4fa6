using CriShim.CriServer.Streaming.Sessions;
using CriShim.CriServer.Tests.Fakes;
using CriShim.TestKit.Streaming;

namespace CriShim.CriServer.Tests.Streaming;

public sealed class SessionEndpointTests
{
    [Fact]
    public async Task Request_UsedToken_IsNotFound()
    {
        await using var world = await StreamingWorld.StartAsync();
        var url = world.CommandUrl("o");
        using var first = await UpgradedConnection.SpdyAsync(url, "v4.channel.k8s.io");
        using var second = await UpgradedConnection.SpdyAsync(url, "v4.channel.k8s.io");
        Assert.Equal((101, 404), (first.Status, second.Status));
    }

    [Theory]
    [InlineData("exec/AAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("attach/")]
    [InlineData("")]
    [InlineData("exec/a/b")]
    [InlineData("metrics")]
    public async Task Request_NoSuchToken_IsNotFound(string path)
    {
        await using var world = await StreamingWorld.StartAsync();
        using var answer = await UpgradedConnection.SpdyAsync(new Uri(world.BaseUrl, path).AbsoluteUri, "v4.channel.k8s.io");
        Assert.Equal(404, answer.Status);
        Assert.Empty(answer.Headers["location"]);
    }

    [Fact]
    public async Task Request_TokenOfAnotherKind_IsNotFound()
    {
        await using var world = await StreamingWorld.StartAsync();
        using var answer = await UpgradedConnection.SpdyAsync(world.CommandUrl("o").Replace("/exec/", "/attach/", StringComparison.Ordinal), "v4.channel.k8s.io");
        Assert.Equal(404, answer.Status);
    }

    [Fact]
    public async Task Request_UnknownProtocol_IsForbiddenWithTheSupportedOnes()
    {
        await using var world = await StreamingWorld.StartAsync();
        using var spdy = await UpgradedConnection.SpdyAsync(world.CommandUrl("o"), "v9.channel.k8s.io");
        using var socket = await UpgradedConnection.WebSocketAsync(world.CommandUrl("o"), "v9.channel.k8s.io");
        Assert.Equal((403, 403), (spdy.Status, socket.Status));
        Assert.Contains("v4.channel.k8s.io", spdy.Headers["x-accepted-stream-protocol-versions"]);
        Assert.Contains("v5.channel.k8s.io", socket.Headers["x-accepted-stream-protocol-versions"]);
        Assert.Contains("v4.channel.k8s.io", spdy.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DELETE", "Connection: Upgrade", "Upgrade: SPDY/3.1", "X-Stream-Protocol-Version: v4.channel.k8s.io")]
    [InlineData("POST", "Connection: Upgrade", "Upgrade: SPDY/3.1")]
    [InlineData("GET", "Accept: */*")]
    [InlineData("GET", "Connection: Upgrade", "Upgrade: h2c")]
    [InlineData("GET", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")]
    public async Task Request_NoUpgrade_IsBadWithTheSupportedOnes(string method, params string[] headers)
    {
        await using var world = await StreamingWorld.StartAsync();
        using var answer = await UpgradedConnection.RequestAsync(new Uri(world.CommandUrl("o")), method, headers);
        Assert.Equal(400, answer.Status);
        Assert.Contains("v4.channel.k8s.io", answer.Headers["x-accepted-stream-protocol-versions"]);
    }

    [Fact]
    public async Task Request_SeveralProtocols_TheClientsFirstChoiceWins()
    {
        await using var world = await StreamingWorld.StartAsync();
        using var answer = await UpgradedConnection.SpdyAsync(world.CommandUrl("o"), "v9.channel.k8s.io, v3.channel.k8s.io", "v4.channel.k8s.io");
        Assert.Equal(["v3.channel.k8s.io"], answer.Headers["x-stream-protocol-version"]);
    }

    [Fact]
    public async Task Token_Expired_IsGone()
    {
        var time = new FakeTime();
        var tokens = new SessionTokens(2, time);
        var token = tokens.Add(new PortsRequest("s", []));
        time.Advance(TimeSpan.FromSeconds(59));
        var late = tokens.Add(new PortsRequest("s", []));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(tokens.Take("portforward", token));
        Assert.NotNull(tokens.Take("portforward", late));
        Assert.Null(tokens.Take("portforward", late));
        await Task.CompletedTask;
    }

    [Fact]
    public void Token_TooManyWait_IsResourceExhausted()
    {
        var tokens = new SessionTokens(2, new FakeTime());
        var first = tokens.Add(new PortsRequest("s", []));
        tokens.Add(new PortsRequest("s", []));
        var error = Assert.Throws<CriShim.CriServer.Errors.CriException>(() => tokens.Add(new PortsRequest("s", [])));
        Assert.Equal(CriShim.CriServer.Errors.CriErrorKind.ResourceExhausted, error.Kind);
        tokens.Take("portforward", first);
        Assert.Equal(22, tokens.Add(new PortsRequest("s", [])).Length); // 128 bits
    }
}
