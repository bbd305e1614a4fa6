using CriShim.Runtime.Security;

namespace CriShim.Runtime.Tests.Security;

public sealed class SysctlTests
{
    [Theory]
    [InlineData("net.ipv4.ip_forward", "net/ipv4/ip_forward")]
    [InlineData("net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding")]
    [InlineData("net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding")]
    public void ToPath_Name_FollowsTheFirstSeparator(string name, string path) => Assert.Equal(path, Sysctl.ToPath(name));

    [Theory]
    [InlineData("net.ipv4.ip_forward", "network", true)]
    [InlineData("net.ipv4.ip_forward", "ipc", false)]
    [InlineData("kernel.shmmax", "ipc", true)]
    [InlineData("fs.mqueue.msg_max", "ipc", true)]
    [InlineData("kernel.domainname", "uts", true)]
    [InlineData("kernel.panic", "network", false)]
    [InlineData("net.ipv4.../../kernel.panic", "network", false)]
    [InlineData("net/../kernel/panic", "network", false)]
    [InlineData("vm.swappiness", "network", false)]
    public void IsAllowed_Name_NeedsItsNamespace(string name, string namespaceType, bool allowed) =>
        Assert.Equal(allowed, Sysctl.IsAllowed(name, new HashSet<string> { namespaceType }));
}
