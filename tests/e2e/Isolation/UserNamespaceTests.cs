using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>Pods whose users are not the host's (user_namespaces(7)).</summary>
public sealed class UserNamespaceTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const uint FirstRange = 1_000_000;
    private const uint SecondRange = 2_000_000;
    private const uint RangeLength = 65_536;

    [Fact]
    public async Task Status_OnThisKernel_OffersUserNamespaces()
    {
        var status = await fixture.Client.RuntimeAsync<StatusResponse>(new StatusRequest());
        Assert.True(status.RuntimeHandlers[0].Features.UserNamespaces);
    }

    [Fact]
    public async Task Root_OfThePod_IsNobodyOnTheHost()
    {
        await using var pod = await fixture.RunAsync(Pod(FirstRange), "sleep", "1000");
        Assert.Equal("0", (await fixture.OutputAsync(pod.Container, "id", "-u")).Trim());
        Assert.Equal(["0", "1000000", "65536"], Words(await fixture.OutputAsync(pod.Container, "cat", "/proc/self/uid_map")));
        Assert.Equal(["0", "1000000", "65536"], Words(await fixture.OutputAsync(pod.Container, "cat", "/proc/1/gid_map")));
        var init = Directory.EnumerateDirectories("/proc").First(folder => IsProgram(folder, "sleep\01000") && OwnerOf(folder) == FirstRange);
        Assert.StartsWith("/proc/", init, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rootfs_OfTheImage_BelongsToThePodsRootAndIsStoredAsTheHosts()
    {
        await using var pod = await fixture.RunAsync(Pod(FirstRange), "sleep", "1000");
        var owners = await fixture.OutputAsync(pod.Container, "stat", "-c", "%u:%g", "/", "/bin", "/etc/passwd", "/etc/hosts", "/etc/resolv.conf");
        Assert.Equal("0:0 0:0 0:0 0:0 0:0", string.Join(' ', Words(owners)));
        await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", "echo x > /made; chown 1000:1000 /made; echo '10.0.0.9 more' >> /etc/hosts");
        var made = Directory.EnumerateFiles(Path.Combine(fixture.Server.Root, "snapshots"), "made", SearchOption.AllDirectories).Single();
        Assert.Equal(FirstRange + 1000, OwnerOf(made));
    }

    [Fact]
    public async Task TwoPods_WithRangesOfTheirOwn_DoNotShareUsersOrLayersOwners()
    {
        await using var first = await fixture.RunAsync(Pod(FirstRange), "sleep", "1000");
        await using var second = await fixture.RunAsync(Pod(SecondRange), "sleep", "1000");
        await using var host = await fixture.RunAsync(fixture.Pod(), "sleep", "1000");
        foreach (var container in new[] { first.Container, second.Container, host.Container })
        {
            Assert.Equal("0", (await fixture.OutputAsync(container, "stat", "-c", "%u", "/bin/busybox")).Trim());
        }

        Assert.Equal(["0", "2000000", "65536"], Words(await fixture.OutputAsync(second.Container, "cat", "/proc/self/uid_map")));
        Assert.NotEqual(
            await fixture.OutputAsync(first.Container, "readlink", "/proc/self/ns/user"),
            await fixture.OutputAsync(second.Container, "readlink", "/proc/self/ns/user"));
    }

    [Fact]
    public async Task Capabilities_InThePod_ReachNothingOfTheHost()
    {
        var config = Pod(FirstRange);
        var sandbox = await fixture.RunPodAsync(config);
        var container = Configs.Container(config, fixture.Image, "c", "sleep", "1000");
        container.Linux.SecurityContext.Capabilities = new Capability { AddCapabilities = { "ALL" } };
        var id = await fixture.CreateAsync(sandbox, config, container);
        await fixture.StartAsync(id);
        foreach (var attempt in new[] { "mknod /node c 1 1", "chown 70000 /etc/passwd", "hostname pwned && cat /proc/1/root/../../proc/kcore", "echo 1 > /proc/sys/kernel/panic" })
        {
            Assert.NotEqual(0, (await fixture.ExecAsync(id, "/bin/sh", "-c", attempt)).ExitCode);
        }

        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task Volume_WithIdMaps_IsWrittenAsTheHostsRoot()
    {
        var config = Pod(FirstRange);
        var sandbox = await fixture.RunPodAsync(config);
        var source = Directory.CreateDirectory(Path.Combine(fixture.Server.Scratch, "userns-volume")).FullName;
        var container = Configs.Container(config, fixture.Image, "c", "sleep", "1000");
        container.Mounts.Add(new Mount { HostPath = source, ContainerPath = "/mapped", UidMappings = { Map(FirstRange) }, GidMappings = { Map(FirstRange) } });
        container.Mounts.Add(new Mount { HostPath = source, ContainerPath = "/plain" });
        var id = await fixture.CreateAsync(sandbox, config, container);
        await fixture.StartAsync(id);
        Assert.Equal(0, (await fixture.ExecAsync(id, "touch", "/mapped/file")).ExitCode);
        Assert.Equal(0u, OwnerOf(Path.Combine(source, "file")));
        Assert.NotEqual(0, (await fixture.ExecAsync(id, "touch", "/plain/other")).ExitCode);
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public async Task SharedProcesses_WithUserNamespace_SeeEachOther()
    {
        var config = Pod(FirstRange);
        config.Linux.SecurityContext.NamespaceOptions.Pid = NamespaceMode.Pod;
        await using var pod = await fixture.RunAsync(config, "sleep", "1000");
        var second = await fixture.CreateAsync(pod.Sandbox, config, Configs.Container(config, fixture.Image, "second", "sleep", "2000"));
        await fixture.StartAsync(second);
        var processes = await fixture.OutputAsync(second, "/bin/sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
        Assert.Contains("sleep 1000", processes, StringComparison.Ordinal);
        Assert.Contains("pause", processes, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0u, 65_536u, 1)] // the container's ids must begin at 0
    [InlineData(0u, 0u, 0)]
    [InlineData(uint.MaxValue - 10, 65_536u, 0)]
    public async Task RunPodSandbox_ImpossibleMap_IsInvalidArgument(uint host, uint length, int container)
    {
        var config = Pod(FirstRange);
        config.Linux.SecurityContext.NamespaceOptions.UsernsOptions.Uids[0] = new IDMapping { HostId = host, Length = length, ContainerId = (uint)container };
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "userns_options", () => fixture.RunPodAsync(config));
    }

    private PodSandboxConfig Pod(uint firstHostId)
    {
        var pod = fixture.Pod(NamespaceMode.Pod);
        pod.Linux.SecurityContext.NamespaceOptions.UsernsOptions =
            new UserNamespace { Mode = NamespaceMode.Pod, Uids = { Map(firstHostId) }, Gids = { Map(firstHostId) } };
        return pod;
    }

    private static IDMapping Map(uint host) => new() { ContainerId = 0, HostId = host, Length = RangeLength };

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static bool IsProgram(string folder, string commandLine)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).StartsWith(commandLine, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // no process, or one that ended
        }
    }

    private static uint OwnerOf(string path) => uint.Parse(
        Command.Output("stat", "-c", "%u", path).Trim(), System.Globalization.CultureInfo.InvariantCulture);
}
