using System.Text;
using CriShim.Linux;

namespace CriShim.Runtime.Tests.Linux;

public sealed class EarlyNetworkTests
{
    [Theory]
    [InlineData("""{"linux":{"resources":{"network":{"classID":1}},"namespaces":[{"type":"pid"},{"type":"network"}]}}""", true)]
    [InlineData("""{"process":{"user":{"uid":0}},"linux":{"namespaces":[{"type" : "network" , "x":1}]}}""", true)]
    [InlineData("""{"linux":{"namespaces":[{"type":"network","path":"/run/netns/a"}]}}""", false)]
    [InlineData("""{"linux":{"namespaces":[{"path":"/run/netns/a","type":"network"},{"type":"pid"}]}}""", false)]
    [InlineData("""{"linux":{"namespaces":[{"type":"network"},{"type":"user"}]}}""", false)]
    [InlineData("""{"linux":{"resources":{"network" : {"classID":1}},"namespaces":[{"type":"pid"}]}}""", false)]
    [InlineData("\"network\"", true)]
    [InlineData("{\"type\":\"network\"", true)]
    [InlineData("", false)]
    public void IsWantedBy_Config_IsWhatItsNamespacesSay(string config, bool expected) =>
        Assert.Equal(expected, EarlyNetwork.IsWantedBy(Encoding.UTF8.GetBytes(config)));
}
