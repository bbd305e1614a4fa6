using CriShim.Cgroups;
using CriShim.Cri.V1;
using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Tests.Specs;

public sealed class CgroupPathsTests
{
    [Theory]
    [InlineData("cgroupfs", "", "/crishim/s1/crishim-c1")]
    [InlineData("cgroupfs", "/kubepods/pod1", "/kubepods/pod1/crishim-c1")]
    [InlineData("cgroupfs", "kubepods//pod1/", "/kubepods/pod1/crishim-c1")]
    [InlineData("cgroupfs", "/", "/crishim-c1")]
    [InlineData("systemd", "", "crishim-s1.slice:crishim:c1")]
    [InlineData("systemd", "kubepods-pod1.slice", "kubepods-pod1.slice:crishim:c1")]
    [InlineData("systemd", "/kubepods.slice/kubepods-pod1.slice", "kubepods-pod1.slice:crishim:c1")]
    public void ForContainer_ParentOfTheDriver_IsBelowIt(string driver, string parent, string expected)
    {
        var (paths, config) = Given(driver, parent);
        paths.Check(config);
        Assert.Equal(expected, paths.ForContainer(config, "s1", "c1"));
    }

    [Theory]
    [InlineData("cgroupfs", "/a/../../b")]
    [InlineData("cgroupfs", "a\nb")]
    [InlineData("cgroupfs", "/kubepods.slice/kubepods-pod1.slice")]
    [InlineData("cgroupfs", "kubepods-pod1.slice")]
    [InlineData("systemd", "/kubepods/pod1")]
    [InlineData("systemd", "/other.slice/kubepods-pod1.slice")]
    [InlineData("systemd", "/../kubepods-pod1.slice")]
    [InlineData("systemd", "a--b.slice")]
    [InlineData("systemd", "-a.slice")]
    [InlineData("systemd", ".slice")]
    [InlineData("systemd", "a b.slice")]
    [InlineData("systemd", "a:b.slice")]
    public void Check_ParentOfAnotherForm_IsRefusedByField(string driver, string parent)
    {
        var (paths, config) = Given(driver, parent);
        var error = Assert.Throws<CriShim.CriServer.Errors.CriException>(() => paths.Check(config));
        Assert.StartsWith("linux.cgroup_parent \"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void For_SystemdOnAHybrid_NamesTheSetting()
    {
        var error = Assert.Throws<CriShim.CriServer.Errors.CriException>(() => CgroupPaths.For("systemd", CgroupMode.Hybrid));
        Assert.StartsWith("runtime.cgroupDriver", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cgroupfs", "", "/crishim/s1")]
    [InlineData("cgroupfs", "/kubepods", null)]
    [InlineData("systemd", "", "crishim-s1.slice")]
    [InlineData("systemd", "kubepods.slice", null)]
    public void OwnParent_OnlyWhereNoneIsAsked_IsOurs(string driver, string parent, string? expected)
    {
        var (paths, config) = Given(driver, parent);
        Assert.Equal(expected, paths.OwnParent(config, "s1"));
    }

    private static (CgroupPaths Paths, PodSandboxConfig Config) Given(string driver, string parent) =>
        (CgroupPaths.For(driver, CgroupMode.Unified), new PodSandboxConfig { Linux = new LinuxPodSandboxConfig { CgroupParent = parent } });
}
