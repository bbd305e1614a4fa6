using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Specs;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Tests.Specs;

public class SandboxSpecTests
{
    [Fact]
    public void Build_BarePod_HasAllNamespacesButUsers() => Assert.Equal(
        new Dictionary<string, string>
        {
            ["net"] = "/run/netns/cni-s1",
            ["uts"] = "/run/state/sandboxes/s1/ns/uts",
            ["ipc"] = "/run/state/sandboxes/s1/ns/ipc",
            ["pid"] = "/run/state/sandboxes/s1/ns/pid",
        },
        Build(Given.BarePod()).Pins);

    [Fact]
    public void Build_KubeletPod_NeedsNoProcess()
    {
        var request = Build(Given.KubeletPod());
        Assert.DoesNotContain("pid", request.Pins.Keys);
        Assert.Null(request.CgroupPath);
    }

    [Fact]
    public void Build_PodPid_HasACgroupForItsInit() => Assert.Equal("/crishim/s1/crishim-s1", Build(Given.BarePod()).CgroupPath);

    [Fact]
    public void Build_HostNamespaces_MakesNothing()
    {
        var request = Build(With(new NamespaceOption { Network = NamespaceMode.Node, Ipc = NamespaceMode.Node, Pid = NamespaceMode.Node }));
        Assert.Empty(request.Pins);
        Assert.Null(request.Hostname);
        Assert.Null(request.SharedMemoryPath);
        Assert.Null(request.Sysctls);
    }

    [Theory]
    [InlineData("", "node1")]
    [InlineData("web-0", "web-0")]
    public void Build_Hostname_IsTheAskedOrTheNodes(string asked, string expected)
    {
        var config = Given.BarePod();
        config.Hostname = asked;
        Assert.Equal(expected, Build(config).Hostname);
    }

    [Fact]
    public void Build_SharedMemory_HasItsPlaceAndSize()
    {
        var request = Build(Given.BarePod());
        Assert.Equal(("/run/state/sandboxes/s1/shm", 67108864L), (request.SharedMemoryPath, request.SharedMemoryBytes));
    }

    [Fact]
    public void Build_Users_AreMapped()
    {
        var request = Build(With(new NamespaceOption
        {
            UsernsOptions = new UserNamespace { Uids = { new IDMapping { HostId = 1, Length = 2 } }, Gids = { new IDMapping { HostId = 3, Length = 4 } } },
        }));
        Assert.Equal("/run/state/sandboxes/s1/ns/user", request.Pins["user"]);
        Assert.Equal((1U, 2U), (request.UidMappings![0].HostID, request.UidMappings[0].Size));
        Assert.Equal((3U, 4U), (request.GidMappings![0].HostID, request.GidMappings[0].Size));
    }

    private static PodSandboxConfig With(NamespaceOption options)
    {
        var config = Given.BarePod();
        config.Linux = new LinuxPodSandboxConfig { SecurityContext = new LinuxSandboxSecurityContext { NamespaceOptions = options } };
        return config;
    }

    private static SandboxRequest Build(PodSandboxConfig config) => SandboxSpec.Build("s1", config, Given.Layout, Given.Host, new SpecOptions());
}
