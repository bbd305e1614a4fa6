using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Tests.Specs;

public class SandboxSysctlsTests
{
    private static readonly NamespaceOption s_host = new() { Network = NamespaceMode.Node, Ipc = NamespaceMode.Node };

    [Fact]
    public void Build_NothingAsked_HasTheDefaults()
    {
        var sysctls = Build([], new NamespaceOption())!;
        Assert.Equal("0", sysctls["net.ipv4.ip_unprivileged_port_start"]);
        Assert.Equal("0 2147483647", sysctls["net.ipv4.ping_group_range"]);
    }

    [Fact]
    public void Build_HostNetwork_HasNoDefaults() => Assert.Null(Build([], s_host));

    [Fact]
    public void Build_Asked_WinsOverDefault() =>
        Assert.Equal("1024", Build(new() { ["net.ipv4.ip_unprivileged_port_start"] = "1024" }, new NamespaceOption())!["net.ipv4.ip_unprivileged_port_start"]);

    [Fact]
    public void Build_UserNamespace_LimitsThePingGroups()
    {
        var options = new NamespaceOption
        {
            UsernsOptions = new UserNamespace { Uids = { new IDMapping { Length = 65536 } }, Gids = { new IDMapping { Length = 65536 } } },
        };
        Assert.Equal("0 65535", Build([], options)!["net.ipv4.ping_group_range"]);
    }

    [Theory]
    [InlineData("kernel.shm_rmid_forced", "1")]
    [InlineData("kernel.sem", "250\t32000 32 128")]
    [InlineData("fs.mqueue.msg_max", "100")]
    [InlineData("net.ipv4.conf.eth0.forwarding", "1")]
    [InlineData("net.ipv4.ip_local_reserved_ports", "8080,9000-9100")]
    public void Build_Namespaced_IsTaken(string name, string value) =>
        Assert.Equal(value, Build(new() { [name] = value }, new NamespaceOption())![name]);

    [Theory]
    [InlineData("net/ipv4/tcp_rmem", "net.ipv4.tcp_rmem")]
    [InlineData("net/ipv4/conf/eth0.1/forwarding", "net.ipv4.conf.eth0/1.forwarding")]
    public void Build_Slashes_AreNormalised(string name, string expected) =>
        Assert.True(Build(new() { [name] = "1" }, new NamespaceOption())!.ContainsKey(expected));

    [Theory]
    [InlineData("kernel.core_pattern", "x")]
    [InlineData("kernel/core_pattern", "x")]
    [InlineData("vm.swappiness", "1")]
    [InlineData("kernel.shmmax2", "1")]
    [InlineData("user.max_user_namespaces", "0")]
    [InlineData("net..ipv4", "1")]
    [InlineData("net.", "1")]
    [InlineData("net", "1")]
    [InlineData("", "1")]
    [InlineData("net.ipv4.ip_forward\n", "1")]
    [InlineData("net.ipv4.ip_forward", "1+kernel.core_pattern=|/x")]
    [InlineData("net.ipv4.ip_forward", "1\n")]
    [InlineData("net.ipv4.ip_forward", "1\0")]
    [InlineData("net/../kernel/core_pattern", "1")]
    public void Build_HostsOrMalformed_IsRefused(string name, string value) =>
        Assert.Contains("linux.sysctls", Given.Refused(() => Build(new() { [name] = value }, new NamespaceOption())).Message);

    [Theory]
    [InlineData("net.ipv4.ip_forward")]
    [InlineData("kernel.shmmax")]
    [InlineData("fs.mqueue.msg_max")]
    [InlineData("kernel.domainname")]
    public void Build_NamespaceOfTheHost_IsRefused(string name) =>
        Assert.Contains("host's", Given.Refused(() => Build(new() { [name] = "1" }, s_host)).Message);

    [Fact]
    public void Build_TwoSpellings_IsRefused() =>
        Given.Refused(() => Build(new() { ["net.ipv4.ip_forward"] = "1", ["net/ipv4/ip_forward"] = "0" }, new NamespaceOption()));

    private static IReadOnlyDictionary<string, string>? Build(Dictionary<string, string> asked, NamespaceOption namespaces)
    {
        var config = Given.BarePod();
        config.Linux = new LinuxPodSandboxConfig { SecurityContext = new LinuxSandboxSecurityContext { NamespaceOptions = namespaces } };
        config.Linux.Sysctls.Add(asked);
        return SandboxSysctls.Build(config, new SpecOptions());
    }
}
