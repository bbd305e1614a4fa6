using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Tests.Specs;

public class SandboxConfigValidatorTests
{
    [Fact]
    public void Check_WhatKubeletSends_Passes() => SandboxConfigValidator.Check(Given.KubeletPod(), new SpecOptions());

    [Fact]
    public void Check_WhatCritestSends_Passes() => SandboxConfigValidator.Check(Given.BarePod(), new SpecOptions());

    [Fact]
    public void Check_Null_IsRefused() => Given.Refused(() => SandboxConfigValidator.Check(null, new SpecOptions()));

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Check_WrongField_IsRefusedByName(string field, Action<PodSandboxConfig> change)
    {
        var error = Refused(change);
        Assert.Contains(field, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    public static TheoryData<string, Action<PodSandboxConfig>> Wrong => new()
    {
        { "metadata", c => c.Metadata = null },
        { "metadata.name", c => c.Metadata.Name = "" },
        { "metadata.namespace", c => c.Metadata.Namespace = "" },
        { "metadata.uid", c => c.Metadata.Uid = "a\0b" },
        { "hostname", c => c.Hostname = "a b" },
        { "hostname", c => c.Hostname = new string('a', 65) },
        { "hostname", c => c.Hostname = "a\n" },
        { "log_directory", c => c.LogDirectory = "logs" },
        { "log_directory", c => c.LogDirectory = "/var/log/../../etc" },
        { "dns_config.servers", c => c.DnsConfig = new DNSConfig { Servers = { "1.1.1.1\nnameserver 2.2.2.2" } } },
        { "dns_config.searches", c => c.DnsConfig = new DNSConfig { Searches = { "a b" } } },
        { "dns_config.options", c => c.DnsConfig = new DNSConfig { Options = { "" } } },
        { "port_mappings[0].container_port", c => c.PortMappings.Add(new PortMapping()) },
        { "port_mappings[0].host_port", c => c.PortMappings.Add(new PortMapping { ContainerPort = 1, HostPort = 65536 }) },
        { "port_mappings[0].protocol", c => c.PortMappings.Add(new PortMapping { ContainerPort = 1, Protocol = (Protocol)9 }) },
        { "port_mappings[0].host_ip", c => c.PortMappings.Add(new PortMapping { ContainerPort = 1, HostIp = "x" }) },
        { "labels", c => c.Labels["a\n"] = "b" },
        { "labels[a]", c => c.Labels["a"] = "b\n" },
        { "annotations[a]", c => c.Annotations["a"] = "b\0" },
        { "run_as_group", c => Context(c).RunAsGroup = new Int64Value { Value = 1 } },
        { "supplemental_groups_policy", c => Context(c).SupplementalGroupsPolicy = (SupplementalGroupsPolicy)7 },
        { "seccomp.profile_type", c => Context(c).Seccomp = new SecurityProfile { ProfileType = (SecurityProfile.Types.ProfileType)7 } },
        { "namespace_options.network", c => Options(c).Network = NamespaceMode.Container },
        { "namespace_options.ipc", c => Options(c).Ipc = (NamespaceMode)9 },
        { "namespace_options.pid", c => Options(c).Pid = NamespaceMode.Target },
        { "userns_options.mode", c => Users(c).Mode = NamespaceMode.Container },
        { "userns_options.mode", c => Users(c).Mode = NamespaceMode.Target },
        { "userns_options", c => Users(c).Mode = NamespaceMode.Node },
        { "userns_options.uids", c => Users(c).Uids.Add(new IDMapping { Length = 1 }) },
        { "userns_options.uids", c => Users(c).Uids[0].ContainerId = 1 },
        { "userns_options.gids", c => Users(c).Gids.Clear() },
        { "userns_options.gids", c => Users(c).Gids[0].Length = 0 },
        { "userns_options.gids", c => Users(c).Gids[0].HostId = uint.MaxValue },
        { "userns_options", c => (Users(c).Mode, Options(c).Pid) = (NamespaceMode.Pod, NamespaceMode.Node) },
    };

    [Fact]
    public void Check_UserNamespace_Passes()
    {
        var config = Given.BarePod();
        Users(config);
        SandboxConfigValidator.Check(config, new SpecOptions());
    }

    private static LinuxSandboxSecurityContext Context(PodSandboxConfig config)
    {
        config.Linux ??= new LinuxPodSandboxConfig();
        return config.Linux.SecurityContext ??= new LinuxSandboxSecurityContext();
    }

    private static NamespaceOption Options(PodSandboxConfig config) => Context(config).NamespaceOptions ??= new NamespaceOption();

    /// <summary>A good user namespace, as the conformance suite asks for it.</summary>
    private static UserNamespace Users(PodSandboxConfig config) => Options(config).UsernsOptions ??= new UserNamespace
    {
        Uids = { new IDMapping { HostId = 1000, Length = 100000 } },
        Gids = { new IDMapping { HostId = 1000, Length = 100000 } },
    };

    private static CriException Refused(Action<PodSandboxConfig> change)
    {
        var config = Given.BarePod();
        change(config);
        return Given.Refused(() => SandboxConfigValidator.Check(config, new SpecOptions()));
    }
}
