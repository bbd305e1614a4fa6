using System.Text;
using CriShim.CriServer.Networking.Cni;

namespace CriShim.CriServer.Tests.Networking;

public class CniConfigTests
{
    private static CniConfig Parse(string json) => CniConfig.Parse(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void Parse_List_KeepsOrderAndCapabilities()
    {
        var config = Parse("""
            { "cniVersion": "1.0.0", "name": "net", // comment
              "plugins": [ {"type": "bridge"}, {"type": "portmap", "capabilities": {"portMappings": true, "other": false}} ] }
            """);

        Assert.Equal("1.0.0", config.Version);
        Assert.Equal(["bridge", "portmap"], config.Plugins.Select(plugin => plugin.Type));
        Assert.Equal(["portMappings"], config.Plugins[1].Capabilities);
    }

    [Fact]
    public void Parse_SinglePlugin_IsAListOfOne()
    {
        var config = Parse("""{ "cniVersion": "0.3.1", "name": "one", "type": "bridge", "bridge": "br7" }""");

        Assert.Equal("br7", Assert.Single(config.Plugins).Json.GetProperty("bridge").GetString());
        Assert.Equal("one", CniConfig.Parse(config.Json).Name);
    }

    [Theory]
    [InlineData("""{"name":"n","plugins":[{"type":"a"}]}""", "0.1.0")]
    [InlineData("""{"cniVersion":"0.4.0","name":"n","plugins":[{"type":"a"}]}""", "0.4.0")]
    [InlineData("""{"cniVersion":"0.4.0","cniVersions":["1.0.0","9.9.9","1.1.0"],"name":"n","plugins":[{"type":"a"}]}""", "1.1.0")]
    public void Parse_Versions_TakesTheNewestSpoken(string json, string version) => Assert.Equal(version, Parse(json).Version);

    [Theory]
    [InlineData("../../tmp/evil")]
    [InlineData("/bin/sh")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("a\\\\b")]
    [InlineData("a\\u0000")]
    public void Parse_TypeThatIsNoFileName_Throws(string type) =>
        Assert.Throws<CniException>(() => Parse($$"""{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"{{type}}"}]}"""));

    [Theory]
    [InlineData("""{"cniVersion":"2.0.0","name":"n","plugins":[{"type":"a"}]}""")]
    [InlineData("""{"cniVersion":"1.0.0","name":"","plugins":[{"type":"a"}]}""")]
    [InlineData("""{"cniVersion":"1.0.0","name":"a/b","plugins":[{"type":"a"}]}""")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","plugins":[]}""")]
    [InlineData("""{"cniVersion":"1.0.0","name":"n","plugins":[7]}""")]
    [InlineData("""[1]""")]
    [InlineData("""{""")]
    public void Parse_BadConfig_Throws(string json) => Assert.Throws<CniException>(() => Parse(json));

    [Fact]
    public void Stdin_Chain_HasVersionNameResultAndDeclaredCapabilities()
    {
        var config = Parse("""
            {"cniVersion":"1.0.0","name":"n","plugins":[
              {"type":"a","keep":1,"name":"wrong","capabilities":{"bandwidth":true}}, {"type":"b"}]}
            """);
        var capabilities = CniRuntimeConfig.Create(
            [new(CriServer.Networking.PortProtocol.Udp, 53, 5353, "127.0.0.1")], new(1_000_000, null));
        var previous = System.Text.Json.JsonDocument.Parse("""{"ips":[]}""").RootElement;

        var first = Encoding.UTF8.GetString(CniRuntimeConfig.Stdin(config, config.Plugins[0], capabilities, null));
        var second = Encoding.UTF8.GetString(CniRuntimeConfig.Stdin(config, config.Plugins[1], capabilities, previous));

        Assert.Equal(
            """{"cniVersion":"1.0.0","name":"n","type":"a","keep":1,"runtimeConfig":{"bandwidth":{"ingressRate":1000000,"ingressBurst":2147483647}}}""",
            first);
        Assert.Equal("""{"cniVersion":"1.0.0","name":"n","type":"b","prevResult":{"ips":[]}}""", second);
        Assert.Equal(
            """[{"hostPort":5353,"containerPort":53,"protocol":"udp","hostIP":"127.0.0.1"}]""",
            capabilities.GetProperty("portMappings").GetRawText());
    }
}
