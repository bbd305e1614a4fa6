using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.E2e.Networking;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>Devices that CDI files describe (SPEC.md of container-device-interface), of a server that runs all the while.</summary>
public sealed class CdiTests(CdiFixture fixture) : IClassFixture<CdiFixture>
{
    [Fact]
    public async Task DeviceByFieldAndByAnnotation_HasAllEdits()
    {
        var mark = Path.Combine(fixture.Server.Scratch, "hook-ran");
        fixture.Write("gpu.yaml", $"""
            cdiVersion: "0.8.0"
            kind: vendor.test/gpu
            containerEdits:
              env: [ALL=1]
            devices:
            - name: one
              containerEdits:
                env: [GPU=one]
                additionalGids: [4444]
                deviceNodes:
                - path: /dev/gpu-one
                  hostPath: {fixture.Node("gpu")}
                  permissions: r
                mounts:
                - hostPath: /etc/debian_version
                  containerPath: /opt/gpu/version
                  options: [ro, bind]
                hooks:
                - hookName: createRuntime
                  path: /bin/sh
                  args: [sh, -c, 'cat > {mark}']
                - hookName: poststop
                  path: /bin/sh
                  args: [sh, -c, 'cat > {mark}-end']
            - name: two
              containerEdits:
                env: [SECOND=two]
            """);
        await using (var pod = await fixture.RunAsync(fixture.Pod(), config =>
        {
            config.CDIDevices.Add(new CDIDevice { Name = "vendor.test/gpu=one" });
            config.Annotations.Add("cdi.k8s.io/plugin_2", "vendor.test/gpu=two");
        }))
        {
            Assert.Equal("1 one two 4444", (await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "echo $ALL $GPU $SECOND $(id -G | tr ' ' '\\n' | grep 4444)")).Trim());
            Assert.Equal(File.ReadAllText("/etc/debian_version"), await fixture.OutputAsync(pod.Container, "cat", "/opt/gpu/version"));
            Assert.True(await fixture.OpensAsync(pod, "< /dev/gpu-one"));
            Assert.False(await fixture.OpensAsync(pod, "> /dev/gpu-one"));
            Assert.Contains(pod.Container, File.ReadAllText(mark), StringComparison.Ordinal);
        }

        Assert.Contains("stopped", File.ReadAllText(mark + "-end"), StringComparison.Ordinal);
        fixture.Delete("gpu.yaml");
    }

    [Fact]
    public async Task EditsThatCannotBeMade_FailTheContainerByName()
    {
        fixture.Write("bad.json", """
            {"cdiVersion": "1.1.0", "kind": "vendor.test/bad", "devices": [
              {"name": "node", "containerEdits": {"deviceNodes": [{"path": "/dev/vendor-none"}]}},
              {"name": "rdt", "containerEdits": {"intelRdt": {"closID": "c"}}},
              {"name": "mount", "containerEdits": {"mounts": [{"hostPath": "/no/such/thing", "containerPath": "/x", "options": ["bind"]}]}}]}
            """);
        foreach (var (device, text) in new[] { ("node", "/dev/vendor-none"), ("rdt", "linux.intelRdt"), ("mount", "/no/such/thing") })
        {
            var error = await Assert.ThrowsAsync<CriCallException>(() => fixture.RunWithAsync($"vendor.test/bad={device}"));
            Assert.Contains(text, error.Detail, StringComparison.Ordinal);
        }
    }

    /// <summary>A file counts as it is when a container is made.</summary>
    [Fact]
    public async Task File_AddedChangedRemoved_CountsForTheNextContainer()
    {
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "vendor.test/late=one", () => fixture.RunWithAsync("vendor.test/late=one"));
        foreach (var value in new[] { "first", "other", "longer" })
        {
            fixture.Write("late.json", Device("late", $$"""{"env": ["LATE={{value}}"]}"""));
            await using var pod = await fixture.RunWithAsync("vendor.test/late=one");
            Assert.Equal(value, (await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "echo $LATE")).Trim());
        }

        fixture.Delete("late.json");
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "vendor.test/late=one", () => fixture.RunWithAsync("vendor.test/late=one"));
    }

    [Fact]
    public async Task File_Broken_HurtsItsOwnDevicesAlone()
    {
        fixture.Write("sound.json", Device("sound", """{"env": ["SOUND=1"]}"""));
        fixture.Write("broken.yaml", "kind: [");
        await using (var pod = await fixture.RunWithAsync("vendor.test/sound=one"))
        {
            Assert.Equal("1", (await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "echo $SOUND")).Trim());
        }

        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "broken.yaml", () => fixture.RunWithAsync("vendor.test/broken=one"));
        Assert.Contains("broken.yaml is not used", fixture.Server.Log(), StringComparison.Ordinal);
        Assert.Contains("broken.yaml", await ProblemsAsync(), StringComparison.Ordinal);

        fixture.Write("broken.yaml", Device("broken", """{"env": ["MENDED=1"]}"""));
        await using (var pod = await fixture.RunWithAsync("vendor.test/broken=one"))
        {
            Assert.Equal("1", (await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "echo $MENDED")).Trim());
        }

        Assert.DoesNotContain("broken.yaml", await ProblemsAsync(), StringComparison.Ordinal);
        fixture.Delete("broken.yaml");
        fixture.Delete("sound.json");
    }

    /// <summary>An interface of the host is the pod's, with the name that is wanted and the addresses that it had (config-linux.md, "Network Devices").</summary>
    [Fact]
    public async Task NetDevice_OfTheHost_IsThePods()
    {
        using var far = new TestNamespace();
        var name = "crn" + Guid.NewGuid().ToString("N")[..8];
        Command.Output("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", Path.GetFileName(far.Path));
        try
        {
            Command.Output("ip", "addr", "add", "198.18.252.1/30", "dev", name);
            Command.Output("ip", "link", "set", name, "mtu", "1400", "up");
            Command.Output("ip", "-n", Path.GetFileName(far.Path), "addr", "add", "198.18.252.2/30", "dev", "eth0");
            Command.Output("ip", "-n", Path.GetFileName(far.Path), "link", "set", "eth0", "up");
            fixture.Write("net.json", Device("net", $$"""{"netDevices": [{"hostInterfaceName": "{{name}}", "name": "data0"}]}"""));

            await using var pod = await fixture.RunWithAsync(fixture.Pod(NamespaceMode.Pod), "vendor.test/net=one");
            var link = await fixture.OutputAsync(pod.Container, "ip", "addr", "show", "dev", "data0");
            Assert.Contains("inet 198.18.252.1/30", link, StringComparison.Ordinal);
            Assert.Contains("mtu 1400", link, StringComparison.Ordinal);
            Assert.Contains("UP", link, StringComparison.Ordinal);
            await fixture.OutputAsync(pod.Container, "ping", "-c", "1", "-W", "5", "198.18.252.2");
            Assert.False(Directory.Exists("/sys/class/net/" + name));
        }
        finally
        {
            Command.Run("ip", "link", "del", name); // where it has not come to that
            fixture.Delete("net.json");
        }
    }

    [Theory]
    [InlineData(NamespaceMode.Pod, "no-such-link")]
    [InlineData(NamespaceMode.Node, "needs a network namespace")]
    public async Task NetDevice_ThatCannotBeMoved_FailsTheContainerByName(NamespaceMode network, string named)
    {
        fixture.Write("nonet.json", Device("nonet", """{"netDevices": [{"hostInterfaceName": "no-such-link", "name": "data0"}]}"""));
        var error = await Assert.ThrowsAsync<CriCallException>(() => fixture.RunWithAsync(fixture.Pod(network), "vendor.test/nonet=one"));
        Assert.Equal(RpcAssert.InvalidArgument, error.Code);
        Assert.Contains("linux.netDevices", error.Detail, StringComparison.Ordinal);
        Assert.Contains(named, error.Detail, StringComparison.Ordinal);
        fixture.Delete("nonet.json");
    }

    private static string Device(string kind, string edits) =>
        $$"""{"cdiVersion": "1.1.0", "kind": "vendor.test/{{kind}}", "devices": [{"name": "one", "containerEdits": {{edits}}}]}""";

    private async Task<string> ProblemsAsync() =>
        (await fixture.Client.RuntimeAsync<StatusResponse>(new StatusRequest { Verbose = true })).Info["cdi"];
}
