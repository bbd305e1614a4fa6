using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;
using ProfileType = CriShim.Cri.V1.SecurityProfile.Types.ProfileType;

namespace CriShim.E2e.Isolation;

/// <summary>As <see cref="BadContainerTests"/>, for pods.</summary>
public sealed class BadSandboxTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string Context = "linux.security_context.";

    private static readonly Dictionary<string, Action<PodSandboxConfig>> s_cases = new(StringComparer.Ordinal)
    {
        ["metadata is missing"] = p => p.Metadata = null,
        ["metadata.name"] = p => p.Metadata.Name = "",
        ["metadata.namespace"] = p => p.Metadata.Namespace = "a\nb",
        ["metadata.uid"] = p => p.Metadata.Uid = "",
        ["hostname \"a b\""] = p => p.Hostname = "a b",
        ["is too long"] = p => p.Hostname = new string('h', 65),
        ["log_directory"] = p => p.LogDirectory = "logs",
        ["holds \"..\""] = p => p.LogDirectory = "/var/log/../../etc",
        ["dns_config.servers"] = p => p.DnsConfig = new DNSConfig { Servers = { "1.1.1.1\nnameserver 6.6.6.6" } },
        ["dns_config.searches"] = p => p.DnsConfig = new DNSConfig { Searches = { "a b" } },
        ["dns_config.options"] = p => p.DnsConfig = new DNSConfig { Options = { "" } },
        ["port_mappings[0].container_port"] = p => p.PortMappings.Add(new PortMapping { ContainerPort = 70000 }),
        ["port_mappings[0].host_port"] = p => p.PortMappings.Add(new PortMapping { ContainerPort = 1, HostPort = -1 }),
        ["port_mappings[0].host_ip"] = p => p.PortMappings.Add(new PortMapping { ContainerPort = 1, HostPort = 1, HostIp = "localhost" }),
        ["port_mappings[0].protocol"] = p => p.PortMappings.Add(new PortMapping { ContainerPort = 1, Protocol = (Protocol)9 }),
        ["labels"] = p => p.Labels[""] = "x",
        ["annotations"] = p => p.Annotations["a"] = "\0",
        ["linux.cgroup_parent"] = p => p.Linux.CgroupParent = "/kubepods/../../escape",
        ["kernel.core_pattern"] = p => p.Linux.Sysctls["kernel.core_pattern"] = "|/bin/sh",
        ["kernel.shm_rmid_forced\": the value"] = p => p.Linux.Sysctls["kernel.shm_rmid_forced"] = "1+kernel.core_pattern=|/evil #",
        ["net.ipv4.ip_forward\": the pod uses the host's network namespace"] = p => p.Linux.Sysctls["net.ipv4.ip_forward"] = "1",
        ["kernel.msgmax\": the pod uses the host's ipc namespace"] = p =>
            (p.Linux.SecurityContext.NamespaceOptions.Ipc, p.Linux.Sysctls["kernel.msgmax"]) = (NamespaceMode.Node, "1"),
        ["it is not a sysctl's name"] = p => p.Linux.Sysctls["net..x"] = "1",
        [Context + "namespace_options.network"] = p => p.Linux.SecurityContext.NamespaceOptions.Network = NamespaceMode.Container,
        [Context + "namespace_options.ipc"] = p => p.Linux.SecurityContext.NamespaceOptions.Ipc = NamespaceMode.Target,
        [Context + "namespace_options.pid"] = p => p.Linux.SecurityContext.NamespaceOptions.Pid = NamespaceMode.Target,
        [Context + "namespace_options.userns_options.mode"] = p =>
            p.Linux.SecurityContext.NamespaceOptions.UsernsOptions = new UserNamespace { Mode = NamespaceMode.Container },
        ["mode NODE takes no mappings"] = p =>
            p.Linux.SecurityContext.NamespaceOptions.UsernsOptions = new UserNamespace { Mode = NamespaceMode.Node, Uids = { new IDMapping { Length = 1 } } },
        ["a user namespace cannot go with the host's pid"] = p => (p.Linux.SecurityContext.NamespaceOptions.Pid, p.Linux.SecurityContext.NamespaceOptions.UsernsOptions) = (
            NamespaceMode.Node,
            new UserNamespace { Mode = NamespaceMode.Pod, Uids = { new IDMapping { HostId = 100_000, Length = 65536 } }, Gids = { new IDMapping { HostId = 100_000, Length = 65536 } } }),
        [Context + "run_as_group is given without"] = p => p.Linux.SecurityContext.RunAsGroup = new Int64Value { Value = 1 },
        [Context + "run_as_user -1"] = p => p.Linux.SecurityContext.RunAsUser = new Int64Value { Value = -1 },
        [Context + "run_as_user 4294967296"] = p => p.Linux.SecurityContext.RunAsUser = new Int64Value { Value = 1L << 32 },
        [Context + "run_as_group -1"] = p => (p.Linux.SecurityContext.RunAsUser, p.Linux.SecurityContext.RunAsGroup) = (new Int64Value { Value = 1 }, new Int64Value { Value = -1 }),
        [Context + "namespace_options.network: the mode 9"] = p => p.Linux.SecurityContext.NamespaceOptions.Network = (NamespaceMode)9,
        [Context + "namespace_options.ipc: the mode 9"] = p => p.Linux.SecurityContext.NamespaceOptions.Ipc = (NamespaceMode)9,
        [Context + "namespace_options.userns_options.uids maps 0"] = p => SetUsers(p, new IDMapping()),
        [Context + "namespace_options.userns_options.uids maps 100 ids from 4294967290 on"] = p => SetUsers(p, new IDMapping { HostId = uint.MaxValue - 5, Length = 100 }),
        [Context + "namespace_options.userns_options.gids"] = p =>
            p.Linux.SecurityContext.NamespaceOptions.UsernsOptions = new UserNamespace { Mode = NamespaceMode.Pod, Uids = { new IDMapping { HostId = 100_000, Length = 65536 } } },
        [Context + "seccomp.localhost_ref is missing"] = p => p.Linux.SecurityContext.Seccomp = new SecurityProfile { ProfileType = ProfileType.Localhost },
        [Context + "apparmor.localhost_ref is given"] = p =>
            p.Linux.SecurityContext.Apparmor = new SecurityProfile { ProfileType = ProfileType.RuntimeDefault, LocalhostRef = "other" },
        ["linux.resources.cpu_shares"] = p => p.Linux.Resources = new LinuxContainerResources { CpuShares = -1 },
        ["linux.resources.memory_limit_in_bytes"] = p => p.Linux.Resources = new LinuxContainerResources { MemoryLimitInBytes = -2 },
        ["linux.overhead.cpu_period"] = p => p.Linux.Overhead = new LinuxContainerResources { CpuPeriod = -1 },
        ["net.ipv4.ip_forward\": the value"] = p => (p.Linux.SecurityContext.NamespaceOptions.Network, p.Linux.Sysctls["net.ipv4.ip_forward"]) = (NamespaceMode.Pod, "1\n2"),
        ["linux.cgroup_parent \"relative"] = p => p.Linux.CgroupParent = "relative/../x",
        ["linux.cgroup_parent \"/a?b\""] = p => p.Linux.CgroupParent = "/a\0b",
        [Context + "supplemental_groups -1"] = p => p.Linux.SecurityContext.SupplementalGroups.Add(-1),
        [Context + "supplemental_groups_policy"] = p => p.Linux.SecurityContext.SupplementalGroupsPolicy = (SupplementalGroupsPolicy)5,
        [Context + "seccomp.profile_type"] = p => p.Linux.SecurityContext.Seccomp = new SecurityProfile { ProfileType = (ProfileType)5 },
        [Context + "apparmor.profile_type"] = p => p.Linux.SecurityContext.Apparmor = new SecurityProfile { ProfileType = (ProfileType)5 },
    };

    public static TheoryData<string> Cases() => [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task RunPodSandbox_BadField_NamesItAndLeavesNothing(string named)
    {
        var pod = fixture.Pod();
        s_cases[named](pod);
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, named, () => fixture.RunPodAsync(pod));
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task RunPodSandbox_SysctlThatTheKernelRefuses_NamesItAndLeavesNothing()
    {
        var pod = fixture.Pod(NamespaceMode.Pod);
        pod.Linux.Sysctls["net.ipv4.no_such_setting"] = "1";
        var failure = await Assert.ThrowsAsync<CriCallException>(() => fixture.RunPodAsync(pod));
        Assert.True(failure.Detail.Contains("no_such_setting", StringComparison.Ordinal), failure.Detail);
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task RunPodSandbox_UnknownHandler_NamesItAndLeavesNothing()
    {
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, "no-such-handler", () => fixture.Client.RuntimeAsync<RunPodSandboxResponse>(
            new RunPodSandboxRequest { Config = fixture.Pod(), RuntimeHandler = "no-such-handler" }));
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task RunPodSandbox_SelinuxOnAKernelWithoutIt_NamesTheField()
    {
        if (File.Exists("/sys/fs/selinux/enforce"))
        {
            return;
        }

        var pod = fixture.Pod();
        pod.Linux.SecurityContext.SelinuxOptions = new SELinuxOption { Level = "s0:c1,c2" };
        await RpcAssert.FailsAsync(RpcAssert.InvalidArgument, Context + "selinux_options", () => fixture.RunPodAsync(pod));
    }

    private static void SetUsers(PodSandboxConfig pod, IDMapping map) =>
        pod.Linux.SecurityContext.NamespaceOptions.UsernsOptions = new UserNamespace { Mode = NamespaceMode.Pod, Uids = { map }, Gids = { map.Clone() } };

    private async Task NothingIsLeftAsync()
    {
        Assert.Empty((await fixture.Client.RuntimeAsync<ListPodSandboxResponse>(new ListPodSandboxRequest())).Items);
        Assert.Empty(Folders.Content(Path.Combine(fixture.Server.Root, "sandboxes")));
    }
}
