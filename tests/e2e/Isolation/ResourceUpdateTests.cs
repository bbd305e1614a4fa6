using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Isolation;

/// <summary>UpdateContainerResources: what the status says is what the kernel enforces, and a refused change changes nothing.</summary>
public sealed class ResourceUpdateTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const long Megabyte = 1 << 20;
    private const string ReadLimits =
        "cd /sys/fs/cgroup; if [ -e memory.max ]; then cat cpu.max memory.max cpu.weight; "
        + "else cat cpu/cpu.cfs_quota_us memory/memory.limit_in_bytes cpu/cpu.shares; fi";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Update_CpuAndMemory_AreInTheKernelAndInTheStatus(bool started)
    {
        await using var pod = await CreateAsync(started);
        await UpdateAsync(pod.Container, new LinuxContainerResources { CpuQuota = 50_000, MemoryLimitInBytes = 64 * Megabyte });
        if (!started)
        {
            await fixture.StartAsync(pod.Container);
        }

        var limits = await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", ReadLimits);
        Assert.StartsWith("50000", limits, StringComparison.Ordinal);
        Assert.Contains("\n67108864\n", limits, StringComparison.Ordinal);
        var status = (await fixture.StatusAsync(pod.Container)).Resources.Linux;
        Assert.Equal(50_000, status.CpuQuota);
        Assert.Equal(64 * Megabyte, status.MemoryLimitInBytes);
        Assert.Equal(512, status.CpuShares); // not given: stays
    }

    [Fact]
    public async Task Update_LastSettingRefusedByTheKernel_LeavesAllAsTheyWere()
    {
        await using var pod = await CreateAsync(started: true);
        var before = await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", ReadLimits);
        await RpcAssert.FailsAsync(
            RpcAssert.InvalidArgument,
            "cpuset.cpus",
            () => UpdateAsync(pod.Container, new LinuxContainerResources { CpuQuota = 70_000, CpuShares = 100, CpusetCpus = "4000" }));
        Assert.Equal(before, await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", ReadLimits));
        Assert.Equal(20_000, (await fixture.StatusAsync(pod.Container)).Resources.Linux.CpuQuota);
    }

    [Fact]
    public async Task Update_BelowTheMinimum_NamesTheField()
    {
        await using var pod = await CreateAsync(started: true);
        await RpcAssert.FailsAsync(
            RpcAssert.InvalidArgument,
            "memory_limit_in_bytes",
            () => UpdateAsync(pod.Container, new LinuxContainerResources { MemoryLimitInBytes = 4096 }));
    }

    [Fact]
    public async Task Update_AfterServerRestart_IsStillInTheStatus()
    {
        await using var pod = await CreateAsync(started: true);
        await UpdateAsync(pod.Container, new LinuxContainerResources { CpuShares = 333 });
        await fixture.Server.RestartAsync();
        Assert.Equal(333, (await fixture.StatusAsync(pod.Container)).Resources.Linux.CpuShares);
    }

    [Fact]
    public async Task Update_ExitedContainer_Succeeds()
    {
        await using var pod = await CreateAsync(started: true);
        await fixture.StopAsync(pod.Container);
        await UpdateAsync(pod.Container, new LinuxContainerResources { CpuShares = 333 });
    }

    [Fact]
    public async Task Update_ManyAtOnce_LastValueOfEachFieldHolds()
    {
        await using var pod = await CreateAsync(started: true);
        await Task.WhenAll(Enumerable.Range(1, 20).Select(i => UpdateAsync(pod.Container, new LinuxContainerResources { CpuQuota = 20_000 + (i * 1000) })));
        var quota = (await fixture.StatusAsync(pod.Container)).Resources.Linux.CpuQuota;
        var limits = await fixture.OutputAsync(pod.Container, "/bin/sh", "-c", ReadLimits);
        Assert.StartsWith($"{quota}", limits, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UpdatePodSandboxResources_KnownAndUnknownPod_SucceedsAndIsNotFound()
    {
        await using var pod = await CreateAsync(started: true);
        await fixture.Client.RuntimeAsync<UpdatePodSandboxResourcesResponse>(
            new UpdatePodSandboxResourcesRequest { PodSandboxId = pod.Sandbox, Resources = new LinuxContainerResources { CpuShares = 10 } });
        await RpcAssert.FailsAsync(
            RpcAssert.NotFound,
            "nosuch",
            () => fixture.Client.RuntimeAsync<UpdatePodSandboxResourcesResponse>(new UpdatePodSandboxResourcesRequest { PodSandboxId = "nosuch" }));
    }

    private async Task<RunningPod> CreateAsync(bool started)
    {
        var config = fixture.Pod();
        var sandbox = await fixture.RunPodAsync(config);
        var container = Configs.Container(config, fixture.Image, "main", "sleep", "1000");
        container.Linux.Resources = new LinuxContainerResources
        {
            CpuPeriod = 100_000,
            CpuQuota = 20_000,
            CpuShares = 512,
            MemoryLimitInBytes = 32 * Megabyte,
        };
        var id = await fixture.CreateAsync(sandbox, config, container);
        if (started)
        {
            await fixture.StartAsync(id);
        }

        return new RunningPod(fixture, config, sandbox, id);
    }

    private Task<UpdateContainerResourcesResponse> UpdateAsync(string container, LinuxContainerResources resources) =>
        fixture.Client.RuntimeAsync<UpdateContainerResourcesResponse>(
            new UpdateContainerResourcesRequest { ContainerId = container, Linux = resources });
}
