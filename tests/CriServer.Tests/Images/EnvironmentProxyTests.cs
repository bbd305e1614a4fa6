using CriShim.CriServer.Images.Registry;

namespace CriShim.CriServer.Tests.Images;

public sealed class EnvironmentProxyTests
{
    [Theory]
    [InlineData("http://r.io/", "http://plain:1/")]
    [InlineData("https://r.io/", "https://user:pass@secure:2/")]
    [InlineData("https://127.0.0.1:5000/", null)]
    [InlineData("http://localhost/", null)]
    [InlineData("http://[::1]:5/", null)]
    public void GetProxy_ByScheme_NotForLoopback(string address, string? expected) =>
        Assert.Equal(expected, Proxy(("HTTP_PROXY", "plain:1"), ("https_proxy", "https://user:pass@secure:2")).GetProxy(new Uri(address))?.AbsoluteUri);

    [Theory]
    [InlineData("r.io", "r.io", true)]
    [InlineData("r.io", "a.r.io", true)]
    [InlineData("r.io", "ar.io", false)]
    [InlineData(".r.io", "r.io", false)]
    [InlineData(".r.io", "a.r.io", true)]
    [InlineData("*.r.io", "a.r.io", true)]
    [InlineData("*", "anything", true)]
    [InlineData("R.IO", "r.io", true)]
    [InlineData("r.io:5000", "r.io:5000", true)]
    [InlineData("r.io:5000", "r.io", false)]
    [InlineData("10.0.0.0/8", "10.1.2.3:5000", true)]
    [InlineData("10.0.0.0/8", "11.1.2.3", false)]
    [InlineData("fd00::/8", "[fd12::1]:5000", true)]
    [InlineData("10.1.2.3", "10.1.2.3:80", true)]
    [InlineData("10.1.2.3:5000", "10.1.2.3:5001", false)]
    [InlineData("[fd12::1]:5000", "[fd12::1]:5000", true)]
    [InlineData(" a.io , r.io ", "r.io", true)]
    [InlineData("", "r.io", false)]
    public void GetProxy_NoProxy_IsDirect(string exceptions, string host, bool direct) =>
        Assert.Equal(direct, Proxy(("HTTPS_PROXY", "p:1"), ("NO_PROXY", exceptions)).GetProxy(new Uri($"https://{host}/")) is null);

    [Fact]
    public void Credentials_AreThoseOfTheAddress()
    {
        var proxy = Proxy(("HTTPS_PROXY", "http://me:a%20b@p:1"));
        var credential = proxy.Credentials!.GetCredential(proxy.GetProxy(new Uri("https://r.io"))!, "Basic")!;
        Assert.Equal(("me", "a b"), (credential.UserName, credential.Password));
    }

    private static EnvironmentProxy Proxy(params (string Name, string Value)[] variables) =>
        new(name => variables.FirstOrDefault(v => v.Name == name).Value);
}
