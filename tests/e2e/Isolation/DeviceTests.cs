using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>Devices of the host in containers: nodes, the cgroup's rules, CDI. FUSE's (10:229) stands for one that no container has.</summary>
public sealed class DeviceTests(CdiFixture fixture) : IClassFixture<CdiFixture>
{
    private const uint FirstId = 1_000_000;

    [Fact]
    public async Task Device_NotAskedFor_CanBeMadeButNotOpened()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        await fixture.OutputAsync(pod.Container, "mknod", "/node", "c", "10", "229");
        Assert.Contains("not permitted", (await fixture.ExecAsync(pod.Container, "/bin/sh", "-c", ": < /node")).Stderr.ToStringUtf8(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("r", true, false)]
    [InlineData("w", false, true)]
    [InlineData("rw", true, true)]
    public async Task Device_WithPermissions_IsOpenedOnlySo(string permissions, bool reads, bool writes)
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), config => config.Devices.Add(
            new Device { HostPath = Node("single"), ContainerPath = "/dev/deep/node", Permissions = permissions }));
        Assert.Equal(reads, await OpensAsync(pod, "< /dev/deep/node"));
        Assert.Equal(writes, await OpensAsync(pod, "> /dev/deep/node"));
    }

    [Fact]
    public async Task Device_Folder_HasAllThatAreInIt()
    {
        Node("many/first");
        Node("many/below/second");
        File.WriteAllText(Path.Combine(fixture.Server.Scratch, "many/file"), "no device");
        await using var pod = await fixture.RunAsync(fixture.Pod(), config => config.Devices.Add(
            new Device { HostPath = Path.Combine(fixture.Server.Scratch, "many"), ContainerPath = "/dev/many", Permissions = "r" }));
        var found = await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "cd /dev/many && find . -type c | sort; ls");
        Assert.Equal("./below/second\n./first\nbelow\nfirst\n", found);
        Assert.True(await OpensAsync(pod, "< /dev/many/below/second"));
    }

    [Fact]
    public async Task Device_InAUserNamespace_IsTheHostsOwn()
    {
        var config = fixture.Pod(NamespaceMode.Pod);
        var map = new IDMapping { HostId = FirstId, Length = 65_536 };
        config.Linux.SecurityContext.NamespaceOptions.UsernsOptions = new UserNamespace { Mode = NamespaceMode.Pod, Uids = { map }, Gids = { map } };
        await using var pod = await fixture.RunAsync(config, container => container.Devices.Add(
            new Device { HostPath = Node("bound"), ContainerPath = "/dev/of-host", Permissions = "rw" }));
        Assert.Equal("a,e5", (await fixture.OutputAsync(pod.Container, "stat", "-c", "%t,%T", "/dev/of-host")).Trim());
        await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "echo x > /dev/null");
    }

    [Fact]
    public async Task Cdi_DeviceByFieldAndByAnnotation_HasAllEdits()
    {
        var mark = Path.Combine(fixture.Server.Scratch, "hook-ran");
        Write("gpu.yaml", $"""
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
                  hostPath: {Node("gpu")}
                  permissions: r
                mounts:
                - hostPath: /etc/debian_version
                  containerPath: /opt/gpu/version
                  options: [ro, bind]
                hooks:
                - hookName: createRuntime
                  path: /bin/sh
                  args: [sh, -c, 'cat > {mark}']
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
            Assert.True(await OpensAsync(pod, "< /dev/gpu-one"));
            Assert.False(await OpensAsync(pod, "> /dev/gpu-one"));
            Assert.Contains(pod.Container, File.ReadAllText(mark), StringComparison.Ordinal);
        }

        File.Delete(Path.Combine(fixture.Folder, "gpu.yaml"));
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "vendor.test/gpu=one", () => fixture.RunAsync(
            fixture.Pod(), config => config.CDIDevices.Add(new CDIDevice { Name = "vendor.test/gpu=one" })));
    }

    [Fact]
    public async Task Cdi_EditsThatCannotBeMade_FailTheContainerByName()
    {
        Write("bad.json", """
            {"cdiVersion": "1.1.0", "kind": "vendor.test/bad", "devices": [
              {"name": "node", "containerEdits": {"deviceNodes": [{"path": "/dev/vendor-none"}]}},
              {"name": "rdt", "containerEdits": {"intelRdt": {"closID": "c"}}},
              {"name": "mount", "containerEdits": {"mounts": [{"hostPath": "/no/such/thing", "containerPath": "/x", "options": ["bind"]}]}}]}
            """);
        foreach (var (device, text) in new[] { ("node", "/dev/vendor-none"), ("rdt", "linux.intelRdt"), ("mount", "/no/such/thing") })
        {
            var error = await Assert.ThrowsAsync<CriCallException>(() => fixture.RunAsync(
                fixture.Pod(), config => config.CDIDevices.Add(new CDIDevice { Name = $"vendor.test/bad={device}" })));
            Assert.Contains(text, error.Detail, StringComparison.Ordinal);
        }
    }

    private async Task<bool> OpensAsync(RunningPod pod, string redirection) =>
        (await fixture.ExecAsync(pod.Container, "/bin/sh", "-c", ": " + redirection)).ExitCode == 0;

    /// <summary>A node that everybody may use, as far as the cgroup lets.</summary>
    private string Node(string name)
    {
        var path = Path.Combine(fixture.Server.Scratch, name);
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Command.Output("mknod", "-m", "666", path, "c", "10", "229");
        }

        return path;
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(fixture.Folder);
        File.WriteAllText(Path.Combine(fixture.Folder, name), text);
    }
}
