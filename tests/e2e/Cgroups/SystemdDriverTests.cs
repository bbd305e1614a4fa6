using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Cgroups;

/// <summary>The systemd driver beside a real systemd: what it is told, what it does with it, and that nothing is left of it.</summary>
public sealed class SystemdDriverTests : IAsyncLifetime
{
    private const string Slice = "crishimtest-pod1.slice";
    private const string SliceFolder = "/sys/fs/cgroup/crishimtest.slice/" + Slice;
    private readonly LeakCheck _leaks = new();
    private RegistryProcess? _registry;
    private ServerProcess? _server;

    private CriClient Client => _server!.Client;

    private string Image => $"{_registry!.Host}/test/busybox:1";

    public async Task InitializeAsync()
    {
        if (new SystemdFactAttribute().Skip is not null)
        {
            return;
        }

        _registry = await RegistryProcess.StartAsync();
        await ImageBuilder.Busybox().PushAsync(_registry.Host, "test/busybox", "1");
        _server = await ServerProcess.StartAsync("""{"runtime": {"cgroupDriver": "systemd"}}""");
        await Client.ImageAsync<PullImageResponse>(new PullImageRequest { Image = new ImageSpec { Image = Image } });
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _registry?.Dispose();
        if (Directory.Exists(SliceFolder))
        {
            Command.Output("systemctl", "stop", "crishimtest.slice");
        }

        await _leaks.AssertCleanAsync();
    }

    [SystemdFact]
    public async Task RuntimeConfig_Driver_IsSystemd() => Assert.Equal(
        CgroupDriver.Systemd, (await Client.RuntimeAsync<RuntimeConfigResponse>(new RuntimeConfigRequest())).Linux.CgroupDriver);

    /// <summary>As the kubelet does it: it makes the pod's slice, with limits of its own, and names its folder.</summary>
    [SystemdFact]
    public async Task Container_InTheKubeletsSlice_IsAScopeThatSystemdKnows()
    {
        MakeSlice();
        var (sandbox, container) = await RunAsync("/crishimtest.slice/" + Slice);
        var unit = $"crishim-{container}.scope";
        Assert.Equal("active", Show(unit, "ActiveState"));
        Assert.Equal(Slice, Show(unit, "Slice"));
        Assert.Equal("yes", Show(unit, "Delegate"));
        Assert.Equal("67108864", Show(unit, "MemoryMax"));
        Assert.Equal("59", Show(unit, "CPUWeight"));
        Assert.Equal("333.330ms", Show(unit, "CPUQuotaPerSecUSec"));
        Assert.Equal("33333 100000", File.ReadAllText($"{SliceFolder}/{unit}/cpu.max").Trim());
        Assert.Single(File.ReadAllLines($"{SliceFolder}/{unit}/cgroup.procs"));

        await RemoveAsync(sandbox);
        Assert.Equal("inactive", Show(unit, "ActiveState"));
        Assert.Equal("active", Show(Slice, "ActiveState"));
        Assert.Equal("55", File.ReadAllText(SliceFolder + "/pids.max").Trim());
    }

    [SystemdFact]
    public async Task Update_ThenDaemonReload_LimitsStay()
    {
        var (sandbox, container) = await RunAsync("");
        var folder = $"/sys/fs/cgroup/crishim.slice/crishim-{sandbox}.slice/crishim-{container}.scope";
        await Client.RuntimeAsync<UpdateContainerResourcesResponse>(new UpdateContainerResourcesRequest
        {
            ContainerId = container,
            Linux = new LinuxContainerResources { MemoryLimitInBytes = 96 << 20, CpuQuota = 50_000, CpuPeriod = 100_000, CpusetCpus = "0" },
        });
        var unit = $"crishim-{container}.scope";
        Assert.Equal("100663296", Show(unit, "MemoryMax"));
        Command.Output("systemctl", "daemon-reload");

        // Another unit of the slice has systemd go over all of its cgroups again.
        Command.Output("systemctl", "set-property", "--runtime", unit, "TasksMax=99");
        Assert.Equal("99", File.ReadAllText(folder + "/pids.max").Trim());
        Assert.Equal("100663296", File.ReadAllText(folder + "/memory.max").Trim());
        Assert.Equal("50000 100000", File.ReadAllText(folder + "/cpu.max").Trim());
        Assert.Equal("0", File.ReadAllText(folder + "/cpuset.cpus").Trim());
        var denied = await Client.RuntimeAsync<ExecSyncResponse>(new ExecSyncRequest
        {
            ContainerId = container,
            Timeout = (long)Patience.Seconds(20).TotalSeconds,
            Cmd = { "/bin/sh", "-c", "mknod /tmp/k c 1 11 && : > /tmp/k" },
        });
        Assert.NotEqual(0, denied.ExitCode);
        await RemoveAsync(sandbox);
        Assert.False(Directory.Exists($"/sys/fs/cgroup/crishim.slice/crishim-{sandbox}.slice"));
    }

    [SystemdFact]
    public async Task Container_ServerKilled_IsFoundAndRemoved()
    {
        var (sandbox, container) = await RunAsync("");
        await _server!.RestartAsync();
        var status = (await Client.RuntimeAsync<ContainerStatusResponse>(new ContainerStatusRequest { ContainerId = container })).Status;
        Assert.Equal(ContainerState.ContainerRunning, status.State);
        await RemoveAsync(sandbox);
        Assert.Equal("inactive", Show($"crishim-{container}.scope", "ActiveState"));
    }

    [SystemdFact]
    public Task RunPodSandbox_ParentOfTheOtherDriver_NamesTheField() => RpcAssert.FailsAsync(
        RpcAssert.InvalidArgument,
        "linux.cgroup_parent \"/kubepods/pod1\" is not a slice",
        () => Client.RuntimeAsync<RunPodSandboxResponse>(new RunPodSandboxRequest { Config = Pod("/kubepods/pod1") }));

    private static string Show(string unit, string property) => Command.Output("systemctl", "show", "--value", "-p", property, unit).Trim();

    private static PodSandboxConfig Pod(string parent)
    {
        var pod = Configs.Pod();
        pod.Linux.CgroupParent = parent;
        return pod;
    }

    private static void MakeSlice()
    {
        Command.Output("systemctl", "start", Slice);
        Command.Output("systemctl", "set-property", "--runtime", Slice, "TasksMax=55");
    }

    private async Task<(string Sandbox, string Container)> RunAsync(string parent)
    {
        var pod = Pod(parent);
        var sandbox = (await Client.RuntimeAsync<RunPodSandboxResponse>(new RunPodSandboxRequest { Config = pod })).PodSandboxId;
        var config = Configs.Container(pod, Image, "main", "sleep", "1000");
        config.Linux.Resources = new LinuxContainerResources { CpuShares = 512, CpuQuota = 33_333, CpuPeriod = 100_000, MemoryLimitInBytes = 64 << 20 };
        var container = (await Client.RuntimeAsync<CreateContainerResponse>(
            new CreateContainerRequest { PodSandboxId = sandbox, Config = config, SandboxConfig = pod })).ContainerId;
        await Client.RuntimeAsync<StartContainerResponse>(new StartContainerRequest { ContainerId = container });
        return (sandbox, container);
    }

    private async Task RemoveAsync(string sandbox)
    {
        await Client.RuntimeAsync<StopPodSandboxResponse>(new StopPodSandboxRequest { PodSandboxId = sandbox });
        await Client.RuntimeAsync<RemovePodSandboxResponse>(new RemovePodSandboxRequest { PodSandboxId = sandbox });
    }
}
