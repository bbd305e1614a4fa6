
using System.Diagnostics;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Networking;
using Xunit.Abstractions;

namespace CriShim.E2e.Networking;

/// <summary>
/// The reference plugins, as Debian packages them: bridge, host-local, portmap. They run in a namespace that stands for the machine, so
/// that their bridge and iptables chains go with it. CRISHIM_TEST_CNI_BIN names another folder of plugins.
/// </summary>
public sealed class CniPluginTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string s_plugins = Environment.GetEnvironmentVariable("CRISHIM_TEST_CNI_BIN") ?? "/usr/lib/cni";

    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-cni-").FullName;
    private readonly TestNamespace _machine = new();

    private string Addresses => Path.Combine(_folder, "addresses");

    public void Dispose()
    {
        _machine.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("0.3.1")]
    [InlineData("0.4.0")]
    [InlineData("1.0.0")]
    public async Task AttachAsync_RealPlugins_ConnectAndLeaveNoAddress(string version)
    {
        using var one = new TestNamespace();
        using var two = new TestNamespace();
        await using var fixture = Create(version);
        var clock = Stopwatch.StartNew();
        var address1 = await fixture.AttachAsync(one, new PortMapping(PortProtocol.Tcp, 8080, 18095, ""));
        output.WriteLine($"attach {clock.Elapsed.TotalMilliseconds:F1} ms");
        var address2 = await fixture.AttachAsync(two);
        using var server1 = one.Serve(8080);

        Assert.StartsWith("10.219.77.", address1, StringComparison.Ordinal);
        Assert.Equal(address2, await two.AskAsync(address1, 8080));
        Assert.NotEmpty(await _machine.AskAsync(address1, 8080));
        Assert.NotEmpty(await _machine.AskAsync("127.0.0.1", 18095));
        Assert.Equal(2, Directory.GetFiles(Addresses, "10.219.*", SearchOption.AllDirectories).Length);
        await fixture.Network.DetachAsync(NetworkFixture.Request(one), default);
        await fixture.Network.DetachAsync(NetworkFixture.Request(two), default);
        Assert.Empty(Directory.GetFiles(Addresses, "10.219.*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task DetachAsync_AfterAReboot_FreesTheAddress()
    {
        await using var fixture = Create("1.0.0");
        var one = new TestNamespace();
        await fixture.AttachAsync(one);
        one.Dispose();

        await fixture.Restart().RecoverAsync([], default);

        Assert.Empty(Directory.GetFiles(Addresses, "10.219.*", SearchOption.AllDirectories));
    }

    private NetworkFixture Create(string version)
    {
        var wrappers = Directory.CreateDirectory(Path.Combine(_folder, "bin")).FullName;
        foreach (var plugin in (string[])["bridge", "host-local", "portmap"])
        {
            var path = Path.Combine(wrappers, plugin);
            File.WriteAllText(path, $"#!/bin/sh\nexec nsenter --net={_machine.Path} {s_plugins}/{plugin}\n");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var fixture = new NetworkFixture(new NetworkOptions { PluginFolders = [wrappers] });
        File.WriteAllText(Path.Combine(fixture.Options.ConfigFolder, "10-test.conflist"), $$"""
            { "cniVersion": "{{version}}", "name": "test", "plugins": [
              { "type": "bridge", "bridge": "cni0", "isGateway": true,
                "ipam": { "type": "host-local", "dataDir": "{{Addresses}}",
                          "ranges": [[{"subnet": "10.219.77.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}] } },
              { "type": "portmap", "capabilities": {"portMappings": true} } ] }
            """);
        return fixture;
    }
}
