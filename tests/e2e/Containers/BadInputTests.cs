using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Containers;

/// <summary>Bad input: the right code, a message that names the field, and no record left.</summary>
public sealed class BadInputTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public Task CreateContainer_LogPathEscapes_IsInvalid() => FailsAsync("log", config => config.LogPath = "../../escape.log");

    [Fact]
    public Task CreateContainer_MountSourceMissing_IsInvalid() =>
        FailsAsync("/no/such/source", config => config.Mounts.Add(new Mount { HostPath = "/no/such/source", ContainerPath = "/x" }));

    [Fact]
    public Task CreateContainer_WithoutMetadata_IsInvalid() => FailsAsync("metadata", config => config.Metadata = null);

    [Fact]
    public Task CreateContainer_GroupWithoutUser_IsInvalid() =>
        FailsAsync("group", config => config.Linux.SecurityContext.RunAsGroup = new Int64Value { Value = 5 });

    [Fact]
    public Task CreateContainer_UnknownCapability_IsInvalid() =>
        FailsAsync("NOT_A_CAP", config => config.Linux.SecurityContext.Capabilities = new Capability { AddCapabilities = { "NOT_A_CAP" } });

    /// <summary>Fields out of range, and what only the kernel can tell: there the control file is named, which is called like the field.</summary>
    public static TheoryData<string, string> Resources => new()
    {
        { "linux.resources.cpu_shares", """{"cpuShares": -1}""" },
        { "linux.resources.cpu_quota", """{"cpuQuota": 10}""" },
        { "linux.resources.cpu_period", """{"cpuPeriod": 2000000}""" },
        { "linux.resources.cpuset_cpus", """{"cpusetCpus": "all"}""" },
        { "linux.resources.memory_limit_in_bytes", """{"memoryLimitInBytes": 4096}""" },
        { "linux.resources.memory_swap_limit_in_bytes", """{"memoryLimitInBytes": 67108864, "memorySwapLimitInBytes": 33554432}""" },
        { "linux.resources.hugepage_limits", """{"hugepageLimits": [{"pageSize": "big", "limit": 1}]}""" },
        { "linux.resources.unified", """{"unified": {"cgroup.procs": "1"}}""" },
        { "cpuset.cpus", """{"cpusetCpus": "4000"}""" },
        { "cpuset.mems", """{"cpusetMems": "900"}""" },
        { "hugetlb.3MB", """{"hugepageLimits": [{"pageSize": "3MB", "limit": 1}]}""" },
        { V1FactAttribute.HasV1 ? "linux.resources.unified" : "memory.nosuch", """{"unified": {"memory.nosuch": "1"}}""" },
        { V1FactAttribute.HasV1 ? "linux.resources.unified" : "memory.high", """{"unified": {"memory.high": "much"}}""" },
    };

    [Theory]
    [MemberData(nameof(Resources))]
    public Task CreateContainer_ResourceThatCannotBe_IsNamed(string name, string resources) =>
        FailsAsync(name, config => config.Linux.Resources = LinuxContainerResources.Parser.ParseJson(resources));

    [Fact]
    public async Task CreateContainer_ImageNotThere_IsNotFound()
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        await RpcAssert.FailsAsync(RpcAssert.NotFound, "absent", () =>
            fixture.CreateAsync(sandbox, pod, Configs.Container(pod, $"{fixture.Registry.Host}/absent:1", "c", "true")));
        await fixture.RemovePodAsync(sandbox);
    }

    [Fact]
    public Task ContainerStatus_UnknownId_IsNotFound() => RpcAssert.FailsAsync(RpcAssert.NotFound, "nothing", () => fixture.StatusAsync("nothing"));

    [Fact]
    public Task ExecSync_UnknownContainer_IsNotFound() => RpcAssert.FailsAsync(RpcAssert.NotFound, "nothing", () => fixture.ExecAsync("nothing", "true"));

    [Fact]
    public async Task PullImage_BadName_IsInvalid() =>
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "UPPER", () => fixture.PullAsync("registry/UPPER CASE:1"));

    [Fact]
    public async Task Socket_GarbageBytes_EndOnlyThatConnection()
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        await socket.ConnectAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(fixture.Server.SocketPath));
        await socket.SendAsync(new byte[4096]);
        var version = await fixture.Client.RuntimeAsync<VersionResponse>(new VersionRequest());
        Assert.NotEqual("", version.RuntimeVersion);
    }

    private async Task FailsAsync(string text, Action<ContainerConfig> spoil)
    {
        var pod = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(pod);
        var config = Configs.Container(pod, fixture.Image, "c", "true");
        spoil(config);
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, text, () => fixture.CreateAsync(sandbox, pod, config));
        var list = await fixture.Client.RuntimeAsync<ListContainersResponse>(
            new ListContainersRequest { Filter = new ContainerFilter { PodSandboxId = sandbox } });
        Assert.Empty(list.Containers);
        await fixture.RemovePodAsync(sandbox);
    }
}
