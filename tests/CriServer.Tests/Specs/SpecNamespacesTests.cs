using CriShim.Cri.V1;
using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Tests.Specs;

public class SpecNamespacesTests
{
    [Theory]
    [InlineData(NamespaceMode.Pod, NamespaceMode.Pod, "/run/state/sandboxes/s1/ns/pid")]
    [InlineData(NamespaceMode.Pod, NamespaceMode.Container, "new")]
    [InlineData(NamespaceMode.Pod, NamespaceMode.Node, "host")]
    [InlineData(NamespaceMode.Container, NamespaceMode.Container, "new")]
    [InlineData(NamespaceMode.Container, NamespaceMode.Pod, "new")]
    [InlineData(NamespaceMode.Node, NamespaceMode.Node, "host")]
    [InlineData(NamespaceMode.Node, NamespaceMode.Pod, "host")]
    [InlineData(NamespaceMode.Container, NamespaceMode.Target, "/proc/7/ns/pid")]
    public void Pid_Modes_GiveTheirNamespace(NamespaceMode pod, NamespaceMode container, string expected) =>
        Assert.Equal(expected, Namespace(Build(new NamespaceOption { Pid = pod }, new NamespaceOption { Pid = container }), "pid"));

    [Fact]
    public void Pid_ContainerSaysNothing_IsThePods() =>
        Assert.Equal("host", Namespace(Build(new NamespaceOption { Pid = NamespaceMode.Node }, null), "pid"));

    [Fact]
    public void Pid_TargetNotFound_IsRefused()
    {
        var context = new LinuxContainerSecurityContext { NamespaceOptions = new NamespaceOption { Pid = NamespaceMode.Target, TargetId = "x" } };
        Assert.Contains("target_id", Given.Refused(() => ContainerSpecBuilder.Build(Given.Secured(context))).Message);
    }

    [Theory]
    [InlineData("network", "/run/netns/cni-s1")]
    [InlineData("ipc", "/run/state/sandboxes/s1/ns/ipc")]
    [InlineData("uts", "/run/state/sandboxes/s1/ns/uts")]
    [InlineData("mount", "new")]
    [InlineData("cgroup", "new")]
    [InlineData("user", "host")]
    public void Others_OfAnOrdinaryPod_AreThePodsOrNew(string type, string expected) =>
        Assert.Equal(expected, Namespace(Build(new NamespaceOption(), new NamespaceOption()), type));

    [Theory]
    [InlineData("network")]
    [InlineData("uts")]
    public void HostNetwork_AlsoMeansTheHostsName(string type) =>
        Assert.Equal("host", Namespace(Build(new NamespaceOption { Network = NamespaceMode.Node }, null), type));

    [Fact]
    public void Users_OfThePod_AreJoined()
    {
        var options = new NamespaceOption { UsernsOptions = TwoMaps() };
        Assert.Equal("/run/state/sandboxes/s1/ns/user", Namespace(Build(options, options), "user"));
    }

    [Fact]
    public void Users_OtherThanThePods_IsRefused() => Given.Refused(
        () => Build(new NamespaceOption(), new NamespaceOption { UsernsOptions = TwoMaps() }));

    private static UserNamespace TwoMaps() => new()
    {
        Uids = { new IDMapping { HostId = 1000, Length = 65536 } },
        Gids = { new IDMapping { HostId = 1000, Length = 65536 } },
    };

    private static CriShim.Oci.RuntimeSpec.Spec Build(NamespaceOption pod, NamespaceOption? container)
    {
        var config = Given.BarePod();
        config.Linux = new LinuxPodSandboxConfig { SecurityContext = new LinuxSandboxSecurityContext { NamespaceOptions = pod } };
        var inputs = Given.Inputs(pod: config) with { TargetPidNamespace = "/proc/7/ns/pid" };
        inputs.Config.Linux = new LinuxContainerConfig { SecurityContext = new LinuxContainerSecurityContext { NamespaceOptions = container } };
        return ContainerSpecBuilder.Build(inputs);
    }

    private static string Namespace(CriShim.Oci.RuntimeSpec.Spec spec, string type) =>
        spec.Linux!.Namespaces!.SingleOrDefault(ns => ns.Type == type) is { } found ? found.Path ?? "new" : "host";
}
