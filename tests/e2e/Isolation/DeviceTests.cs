using CriShim.Cri.V1;

namespace CriShim.E2e.Isolation;

/// <summary>Devices of the host in containers: nodes and the cgroup's rules. FUSE's (10:229) stands for one that no container has.</summary>
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
            new Device { HostPath = fixture.Node("single"), ContainerPath = "/dev/deep/node", Permissions = permissions }));
        Assert.Equal(reads, await fixture.OpensAsync(pod, "< /dev/deep/node"));
        Assert.Equal(writes, await fixture.OpensAsync(pod, "> /dev/deep/node"));
    }

    [Fact]
    public async Task Device_Folder_HasAllThatAreInIt()
    {
        fixture.Node("many/first");
        fixture.Node("many/below/second");
        File.WriteAllText(Path.Combine(fixture.Server.Scratch, "many/file"), "no device");
        await using var pod = await fixture.RunAsync(fixture.Pod(), config => config.Devices.Add(
            new Device { HostPath = Path.Combine(fixture.Server.Scratch, "many"), ContainerPath = "/dev/many", Permissions = "r" }));
        var found = await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "cd /dev/many && find . -type c | sort; ls");
        Assert.Equal("./below/second\n./first\nbelow\nfirst\n", found);
        Assert.True(await fixture.OpensAsync(pod, "< /dev/many/below/second"));
    }

    [Fact]
    public async Task Device_InAUserNamespace_IsTheHostsOwn()
    {
        var config = fixture.Pod(NamespaceMode.Pod);
        var map = new IDMapping { HostId = FirstId, Length = 65_536 };
        config.Linux.SecurityContext.NamespaceOptions.UsernsOptions = new UserNamespace { Mode = NamespaceMode.Pod, Uids = { map }, Gids = { map } };
        await using var pod = await fixture.RunAsync(config, container => container.Devices.Add(
            new Device { HostPath = fixture.Node("bound"), ContainerPath = "/dev/of-host", Permissions = "rw" }));
        Assert.Equal("a,e5", (await fixture.OutputAsync(pod.Container, "stat", "-c", "%t,%T", "/dev/of-host")).Trim());
        await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "echo x > /dev/null");
    }
}
