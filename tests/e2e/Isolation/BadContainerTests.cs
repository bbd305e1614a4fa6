using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;
using ProfileType = CriShim.Cri.V1.SecurityProfile.Types.ProfileType;

namespace CriShim.E2e.Isolation;

/// <summary>
/// Fields of a container that are out of range, contradict each other or are impossible here: an error of CreateContainer that names the
/// field, and nothing is left (the fixture looks at the machine when all are done).
/// </summary>
public sealed class BadContainerTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Context = "linux.security_context.";

    private static readonly Dictionary<string, Action<ContainerConfig>> s_cases = new(StringComparer.Ordinal)
    {
        ["metadata.name"] = c => c.Metadata.Name = "",
        ["metadata.name is longer"] = c => c.Metadata.Name = new string('n', 300),
        ["image.image"] = c => c.Image = new ImageSpec(),
        ["command or args"] = c => c.Args.Add("a\0b"),
        ["working_dir"] = c => c.WorkingDir = "relative",
        ["envs"] = c => c.Envs.Add(new KeyValue { Key = "A=B" }),
        ["labels"] = c => c.Labels["a"] = "line\nline",
        ["annotations"] = c => c.Annotations["a"] = "\0",
        ["log_path"] = c => c.LogPath = "/etc/passwd",
        ["stop_signal"] = c => c.StopSignal = (Signal)999,
        ["mounts[0].host_path"] = c => AddMount(c, m => m.HostPath = "relative"),
        ["mounts[0].container_path"] = c => AddMount(c, m => m.ContainerPath = "data"),
        ["mounts[0].container_path is the container's root"] = c => AddMount(c, m => m.ContainerPath = "/x/.."),
        ["\"/proc/sys\": nothing may cover"] = c => AddMount(c, m => m.ContainerPath = "/proc/sys"),
        ["mounts[0].propagation"] = c => AddMount(c, m => m.Propagation = (MountPropagation)9),
        ["mounts[0].recursive_read_only needs readonly"] = c => AddMount(c, m => m.RecursiveReadOnly = true),
        ["mounts[0].recursive_read_only needs private"] = c => AddMount(c, m =>
            (m.RecursiveReadOnly, m.Readonly, m.Propagation) = (true, true, MountPropagation.PropagationHostToContainer)),
        ["mounts[0].uidMappings and gidMappings"] = c => AddMount(c, m => m.UidMappings.Add(new IDMapping { Length = 1 })),
        ["mounts[0].uidMappings maps 0"] = c => AddMount(c, m => AddMaps(m, new IDMapping())),
        ["mounts[0].mount_options"] = c => AddMount(c, m => m.MountOptions.Add("suid,dev")),
        ["mounts[0].uidMappings maps 2 ids from 4294967295 on"] = c => AddMount(c, m => AddMaps(m, new IDMapping { HostId = uint.MaxValue, Length = 2 })),
        ["mounts[0].host_path \"/tmp?\""] = c => AddMount(c, m => m.HostPath = "/tmp\0"),
        ["mounts[0].host_path \"/no/such/folder\" does not exist"] = c => AddMount(c, m => m.HostPath = "/no/such/folder"),
        ["mounts[0].image_sub_path needs"] = c => AddMount(c, m => m.ImageSubPath = "etc"),
        ["mounts[0].image_sub_path \"../etc\""] = c => AddMount(c, m => (m.HostPath, m.Image, m.ImageSubPath, m.Readonly) = ("", c.Image, "../etc", true)),
        ["mounts[0].host_path and mounts[0].image"] = c => AddMount(c, m => (m.Image, m.Readonly) = (c.Image, true)),
        ["mounts[0].propagation has"] = c => AddMount(c, m => m.Propagation = (MountPropagation)(-1)),
        ["devices[0].host_path \"dev/null\""] = c => AddDevice(c, d => d.HostPath = "dev/null"),
        ["devices[0].container_path is the container's root"] = c => AddDevice(c, d => d.ContainerPath = "/"),
        ["devices[0].permissions \"x\""] = c => AddDevice(c, d => d.Permissions = "x"),
        ["CDI_devices[0].name"] = c => c.CDIDevices.Add(new CDIDevice { Name = "gpu" }),
        ["no device \"vendor.test/gpu=none\""] = c => c.CDIDevices.Add(new CDIDevice { Name = "vendor.test/gpu=none" }),
        ["annotation cdi.k8s.io/x"] = c => c.Annotations["cdi.k8s.io/x"] = "vendor",
        ["linux.resources.cpu_quota -2"] = c => c.Linux.Resources.CpuQuota = -2,
        ["linux.resources.cpu_quota 9223372036854775807"] = c => c.Linux.Resources.CpuQuota = long.MaxValue,
        ["linux.resources.cpu_period -1"] = c => c.Linux.Resources.CpuPeriod = -1,
        ["linux.resources.cpu_period 1 "] = c => c.Linux.Resources.CpuPeriod = 1,
        ["linux.resources.cpuset_cpus \"3-1\""] = c => c.Linux.Resources.CpusetCpus = "3-1",
        ["linux.resources.cpuset_cpus \"-\""] = c => c.Linux.Resources.CpusetCpus = "-",
        ["linux.resources.cpuset_mems \"0,,1\""] = c => c.Linux.Resources.CpusetMems = "0,,1",
        ["linux.resources.cpuset_cpus \"99999999999\""] = c => c.Linux.Resources.CpusetCpus = "99999999999",
        ["linux.resources.memory_limit_in_bytes -2"] = c => c.Linux.Resources.MemoryLimitInBytes = -2,
        ["linux.resources.memory_swap_limit_in_bytes -2"] = c => c.Linux.Resources.MemorySwapLimitInBytes = -2,
        ["linux.resources.oom_score_adj -1001"] = c => c.Linux.Resources.OomScoreAdj = -1001,
        ["linux.resources.hugepage_limits: \"\""] = c => c.Linux.Resources.HugepageLimits.Add(new HugepageLimit { Limit = 1 }),
        ["linux.resources.hugepage_limits: \"../2MB\""] = c => c.Linux.Resources.HugepageLimits.Add(new HugepageLimit { PageSize = "../2MB", Limit = 1 }),
        ["devices[0].host_path"] = c => AddDevice(c, d => d.HostPath = "/dev/no-such-device"),
        ["devices[0].host_path \"/etc/passwd\" is no device"] = c => AddDevice(c, d => d.HostPath = "/etc/passwd"),
        ["devices[0].container_path"] = c => AddDevice(c, d => d.ContainerPath = "null"),
        ["devices[0].permissions"] = c => AddDevice(c, d => d.Permissions = "rwx"),
        ["linux.resources.cpu_shares"] = c => c.Linux.Resources.CpuShares = -1,
        ["linux.resources.cpu_quota"] = c => c.Linux.Resources.CpuQuota = 10,
        ["linux.resources.cpu_period"] = c => c.Linux.Resources.CpuPeriod = 2_000_000,
        ["linux.resources.cpuset_cpus"] = c => c.Linux.Resources.CpusetCpus = "all",
        ["linux.resources.cpuset_mems"] = c => c.Linux.Resources.CpusetMems = "x",
        ["linux.resources.memory_limit_in_bytes"] = c => c.Linux.Resources.MemoryLimitInBytes = 4096,
        ["linux.resources.memory_swap_limit_in_bytes"] = c => (c.Linux.Resources.MemoryLimitInBytes, c.Linux.Resources.MemorySwapLimitInBytes) = (64 << 20, 32 << 20),
        ["memory_swap_limit_in_bytes 67108864 is given without"] = c => c.Linux.Resources.MemorySwapLimitInBytes = 64 << 20,
        ["linux.resources.oom_score_adj"] = c => c.Linux.Resources.OomScoreAdj = 1001,
        ["linux.resources.hugepage_limits"] = c => c.Linux.Resources.HugepageLimits.Add(new HugepageLimit { PageSize = "2M", Limit = 1 }),
        ["linux.resources.unified"] = c => c.Linux.Resources.Unified["cgroup.procs"] = "0",
        [Context + "capabilities.add_capabilities"] = c => c.Linux.SecurityContext.Capabilities = new Capability { AddCapabilities = { "FLY" } },
        [Context + "capabilities.drop_capabilities"] = c => c.Linux.SecurityContext.Capabilities = new Capability { DropCapabilities = { "SWIM" } },
        [Context + "capabilities.add_ambient_capabilities"] = c =>
            c.Linux.SecurityContext.Capabilities = new Capability { AddAmbientCapabilities = { "SYS_ADMIN" } },
        [Context + "privileged"] = c => c.Linux.SecurityContext.Privileged = true,
        [Context + "run_as_user -1"] = c => c.Linux.SecurityContext.RunAsUser = new Int64Value { Value = -1 },
        [Context + "run_as_user 4294967296"] = c => c.Linux.SecurityContext.RunAsUser = new Int64Value { Value = 1L << 32 },
        [Context + "run_as_group is given without"] = c => c.Linux.SecurityContext.RunAsGroup = new Int64Value { Value = 5 },
        [Context + "run_as_user and run_as_username"] = c => (c.Linux.SecurityContext.RunAsUser, c.Linux.SecurityContext.RunAsUsername) = (new Int64Value { Value = 1 }, "root"),
        [Context + "run_as_username: \"99999999999\""] = c => c.Linux.SecurityContext.RunAsUsername = "99999999999",
        ["user \"stranger\""] = c => c.Linux.SecurityContext.RunAsUsername = "stranger",
        [Context + "run_as_group -1"] = c => (c.Linux.SecurityContext.RunAsUser, c.Linux.SecurityContext.RunAsGroup) = (new Int64Value { Value = 1 }, new Int64Value { Value = -1 }),
        [Context + "run_as_group 4294967295"] = c => (c.Linux.SecurityContext.RunAsUser, c.Linux.SecurityContext.RunAsGroup) = (new Int64Value { Value = 1 }, new Int64Value { Value = uint.MaxValue }),
        [Context + "run_as_user 4294967295"] = c => c.Linux.SecurityContext.RunAsUser = new Int64Value { Value = uint.MaxValue },
        [Context + "supplemental_groups 4294967296"] = c => c.Linux.SecurityContext.SupplementalGroups.Add(1L << 32),
        [Context + "capabilities.add_capabilities: unknown capability \"\""] = c => c.Linux.SecurityContext.Capabilities = new Capability { AddCapabilities = { "" } },
        [Context + "namespace_options.network"] = c => c.Linux.SecurityContext.NamespaceOptions.Network = (NamespaceMode)9,
        [Context + "namespace_options.ipc"] = c => c.Linux.SecurityContext.NamespaceOptions.Ipc = (NamespaceMode)9,
        [Context + "seccomp.localhost_ref is given"] = c => c.Linux.SecurityContext.Seccomp = new SecurityProfile { ProfileType = ProfileType.Unconfined, LocalhostRef = "/etc/passwd" },
        [Context + "selinux_options"] = c => c.Linux.SecurityContext.SelinuxOptions = new SELinuxOption { Level = "nonsense" },
        [Context + "masked_paths \""] = c => c.Linux.SecurityContext.MaskedPaths.Add("/proc/\0"),
        [Context + "supplemental_groups"] = c => c.Linux.SecurityContext.SupplementalGroups.Add(-7),
        [Context + "supplemental_groups_policy"] = c => c.Linux.SecurityContext.SupplementalGroupsPolicy = (SupplementalGroupsPolicy)7,
        [Context + "masked_paths"] = c => c.Linux.SecurityContext.MaskedPaths.Add("proc/kcore"),
        [Context + "readonly_paths"] = c => c.Linux.SecurityContext.ReadonlyPaths.Add("proc"),
        [Context + "namespace_options.pid"] = c => c.Linux.SecurityContext.NamespaceOptions.Pid = (NamespaceMode)9,
        [Context + "namespace_options.target_id"] = c => c.Linux.SecurityContext.NamespaceOptions.Pid = NamespaceMode.Target,
        [Context + "namespace_options.userns_options"] = c => c.Linux.SecurityContext.NamespaceOptions.UsernsOptions =
            new UserNamespace { Mode = NamespaceMode.Pod, Uids = { new IDMapping { HostId = 1_000_000, Length = 65536 } }, Gids = { new IDMapping { HostId = 1_000_000, Length = 65536 } } },
        [Context + "seccomp.profile_type"] = c => c.Linux.SecurityContext.Seccomp = new SecurityProfile { ProfileType = (ProfileType)9 },
        [Context + "seccomp.localhost_ref"] = c => c.Linux.SecurityContext.Seccomp = new SecurityProfile { ProfileType = ProfileType.Localhost, LocalhostRef = "/no/such/profile.json" },
        [Context + "seccomp.localhost_ref \"relative\""] = c => c.Linux.SecurityContext.Seccomp = new SecurityProfile { ProfileType = ProfileType.Localhost, LocalhostRef = "relative" },
        [Context + "apparmor.profile_type"] = c => c.Linux.SecurityContext.Apparmor = new SecurityProfile { ProfileType = (ProfileType)9 },
        [Context + "apparmor"] = c => c.Linux.SecurityContext.Apparmor = new SecurityProfile { ProfileType = ProfileType.Localhost, LocalhostRef = "no-such-profile" },
    };

    private string? _sandbox;

    public static TheoryData<string> Cases() => [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task CreateContainer_BadField_NamesItAndLeavesNothing(string named) => FailsAsync(named, s_cases[named]);

    /// <summary>What only the kernel knows: refused by the cgroup's files, named by them.</summary>
    [Theory]
    [InlineData("cpuset.cpus", "5000")]
    [InlineData("cpuset.mems", "500")]
    public Task CreateContainer_CpusThatAreNotThere_NamesTheSetting(string file, string list) => FailsAsync(
        file, c => (c.Linux.Resources.CpusetCpus, c.Linux.Resources.CpusetMems) = file == "cpuset.cpus" ? (list, "") : ("", list), anyCode: true);

    /// <summary>Right as such, but there is no such container now.</summary>
    [Fact]
    public Task CreateContainer_TargetThatIsNotThere_NamesTheField() => FailsAsync(
        Context + "namespace_options.target_id \"nobody\"",
        c => (c.Linux.SecurityContext.NamespaceOptions.Pid, c.Linux.SecurityContext.NamespaceOptions.TargetId) = (NamespaceMode.Target, "nobody"),
        anyCode: true);

    [Theory]
    [InlineData("""{"defaultAction":"SCMP_ACT_X"}""", "SCMP_ACT_X")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["nosuchcall"],"action":"SCMP_ACT_ERRNO"}]}""", "nosuchcall")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X"]}""", "SCMP_ARCH_X")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","flags":["F"]}""", "flag")]
    [InlineData("""{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}""", "listenerPath")]
    [InlineData("{", "localhost_ref")]
    [InlineData("[]", "localhost_ref")]
    public async Task CreateContainer_BadSeccompProfile_SaysWhatIsWrong(string profile, string named)
    {
        var path = Path.Combine(fixture.Server.Scratch, Guid.NewGuid().ToString("N") + ".json");
        await File.WriteAllTextAsync(path, profile);
        await FailsAsync(named, c => c.Linux.SecurityContext.Seccomp = new SecurityProfile { ProfileType = ProfileType.Localhost, LocalhostRef = path });
    }

    [Fact]
    public async Task CreateContainer_UserThatThePodDoesNotMap_NamesTheField()
    {
        var pod = fixture.Pod();
        pod.Linux.SecurityContext.NamespaceOptions.UsernsOptions = new UserNamespace
        {
            Mode = NamespaceMode.Pod,
            Uids = { new IDMapping { HostId = 1_000_000, Length = 1000 } },
            Gids = { new IDMapping { HostId = 1_000_000, Length = 1000 } },
        };
        var sandbox = await fixture.RunPodAsync(pod);
        var config = Configs.Container(pod, fixture.Image, "c", "true");
        config.Linux.SecurityContext.RunAsUser = new Int64Value { Value = 1000 };
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, Context + "run_as_user", () => fixture.CreateAsync(sandbox, pod, config));
        await fixture.RemovePodAsync(sandbox);
    }

    private static void AddMount(ContainerConfig config, Action<Mount> spoil)
    {
        var mount = new Mount { HostPath = "/tmp", ContainerPath = "/data" };
        spoil(mount);
        config.Mounts.Add(mount);
    }

    private static void AddMaps(Mount mount, IDMapping map)
    {
        mount.UidMappings.Add(map);
        mount.GidMappings.Add(map.Clone());
    }

    private static void AddDevice(ContainerConfig config, Action<Device> spoil)
    {
        var device = new Device { HostPath = "/dev/null", ContainerPath = "/dev/thing", Permissions = "rwm" };
        spoil(device);
        config.Devices.Add(device);
    }

    private async Task FailsAsync(string text, Action<ContainerConfig> spoil, bool anyCode = false)
    {
        var pod = fixture.Pod(name: "bad-input");
        _sandbox ??= (await fixture.Client.RuntimeAsync<ListPodSandboxResponse>(new ListPodSandboxRequest())).Items.FirstOrDefault()?.Id ?? await fixture.RunPodAsync(pod);
        var config = Configs.Container(pod, fixture.Image, "c", "true");
        spoil(config);
        var failure = await Assert.ThrowsAsync<CriCallException>(() => fixture.CreateAsync(_sandbox, pod, config));
        Assert.True(failure.Detail.Contains(text, StringComparison.Ordinal), failure.Detail);
        Assert.True(anyCode || failure.Code == RpcAssert.InvalidArgument, $"{failure.Code}: {failure.Detail}");
        Assert.Empty((await fixture.Client.RuntimeAsync<ListContainersResponse>(new ListContainersRequest())).Containers);
        Assert.Empty(Folders.Content(Path.Combine(fixture.Server.Root, "containers")));
        Assert.DoesNotContain(Folders.Content(Path.Combine(fixture.Server.Root, "snapshots")), name => name.Length == 64);
    }
}
