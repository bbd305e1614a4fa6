using System.Text.Json;
using CriShim.CriServer.Networking.Cni;

namespace CriShim.CriServer.Tests.Networking;

public class CniResultTests
{
    private static IReadOnlyList<string> Addresses(string json) => CniResult.Addresses(JsonDocument.Parse(json).RootElement, "eth0");

    [Fact]
    public void Addresses_CurrentVersion_AreThoseOfThePodsInterface() => Assert.Equal(["10.0.0.5", "fd00::5"], Addresses("""
        {"cniVersion":"1.0.0",
         "interfaces":[{"name":"cni0"},{"name":"veth1"},{"name":"eth0","sandbox":"/run/netns/x"},{"name":"net1","sandbox":"/run/netns/x"}],
         "ips":[{"address":"10.0.0.1/24","interface":0},{"address":"10.0.0.5/24","interface":2},{"address":"10.9.0.5/24","interface":3},
                {"address":"FD00:0::5/64","interface":2}]}
        """));

    [Fact]
    public void Addresses_WithoutInterfaces_AreAll() =>
        Assert.Equal(["10.0.0.5"], Addresses("""{"ips":[{"version":"4","address":"10.0.0.5/24"}]}"""));

    [Fact]
    public void Addresses_OldVersion_AreOneAFamily() =>
        Assert.Equal(["10.0.0.5", "fd00::5"], Addresses("""{"ip4":{"ip":"10.0.0.5/24"},"ip6":{"ip":"fd00::5/64"}}"""));

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"ips":[{"address":"nonsense"}]}""")]
    [InlineData("""{"ips":[7]}""")]
    public void Addresses_None_Throws(string json) => Assert.Throws<CniException>(() => Addresses(json));

    [Theory]
    [InlineData("cni", "10.0.0.1")]
    [InlineData("ipv4", "10.0.0.1")]
    [InlineData("ipv6", "fd00::1")]
    public void Prefer_Family_ComesFirst(string preference, string first) =>
        Assert.Equal(first, CniResult.Prefer(["10.0.0.1", "fd00::1"], preference)[0]);
}
