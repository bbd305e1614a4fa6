using CriShim.Cgroups;

namespace CriShim.Runtime.Tests.Cgroups;

public sealed class CgroupMountsTests
{
    private const string Tmpfs = "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n";
    private const string Cpu = "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n";
    private const string Memory = "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
    private const string Systemd = "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n";
    private const string HybridV2 = "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n";
    private const string UnifiedV2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
    private const string Own = "4:memory:/own/memory\n3:cpuacct,cpu:/own/cpu\n2:name=systemd:/\n0::/own/unified\n";

    [Fact]
    public void Mode_V1Only_Legacy() =>
        Assert.Equal(CgroupMode.Legacy, new CgroupManagerFactory(Tmpfs + Cpu + Memory + Systemd, Own).Mode);

    [Fact]
    public void Mode_V1AndV2_Hybrid() =>
        Assert.Equal(CgroupMode.Hybrid, new CgroupManagerFactory(Tmpfs + HybridV2 + Cpu + Memory, Own).Mode);

    [Fact]
    public void Mode_V2Only_Unified() =>
        Assert.Equal(CgroupMode.Unified, new CgroupManagerFactory(UnifiedV2, "0::/own\n").Mode);

    [Fact]
    public void Hierarchies_Hybrid_V2IsLast()
    {
        var factory = new CgroupManagerFactory(Tmpfs + HybridV2 + Memory, Own);
        Assert.Equal(["/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified"], factory.Hierarchies.Select(h => h.MountPoint));
        Assert.True(factory.Hierarchies[^1].IsV2);
    }

    [Fact]
    public void Hierarchies_Joined_CarryEachController()
    {
        var hierarchy = new CgroupManagerFactory(Cpu, Own).Hierarchies.Single();
        Assert.Equal("cpuacct,cpu", hierarchy.Controllers);
        Assert.Equal("/own/cpu", hierarchy.OwnPath);
        Assert.True(hierarchy.Has("cpu"));
        Assert.True(hierarchy.Has("cpuacct"));
        Assert.False(hierarchy.Has("cpuset"));
    }

    [Fact]
    public void Hierarchies_Named_KeepTheirName() =>
        Assert.Equal("name=systemd", new CgroupManagerFactory(Systemd, Own).Hierarchies.Single().Controllers);

    [Fact]
    public void Hierarchies_MountedTwice_FirstCounts()
    {
        var again = Memory.Replace("/sys/fs/cgroup/memory", "/elsewhere", StringComparison.Ordinal);
        Assert.Equal("/sys/fs/cgroup/memory", new CgroupManagerFactory(Memory + again, Own).Hierarchies.Single().MountPoint);
    }

    [Fact]
    public void Hierarchies_MountOfAPart_OwnPathIsBelowIt()
    {
        var part = Memory.Replace("/ /sys", "/own /sys", StringComparison.Ordinal);
        Assert.Equal("/memory", new CgroupManagerFactory(part, Own).Hierarchies.Single().OwnPath);
    }

    [Fact]
    public void Hierarchies_EscapedMountPoint_IsDecoded()
    {
        var spaced = Memory.Replace("/sys/fs/cgroup/memory", @"/a\040b", StringComparison.Ordinal);
        Assert.Equal("/a b", new CgroupManagerFactory(spaced, Own).Hierarchies.Single().MountPoint);
    }

    [Fact]
    public void Constructor_NoCgroupMount_Throws() =>
        Assert.Throws<CgroupException>(() => new CgroupManagerFactory(Tmpfs, Own));

    [Fact]
    public void Open_AbsolutePath_IsBelowTheMount() =>
        Assert.Equal(
            ["/sys/fs/cgroup/memory/kubepods/pod1/c", "/sys/fs/cgroup/unified/kubepods/pod1/c"],
            new CgroupManagerFactory(Memory + HybridV2, Own).Open("/kubepods//pod1/c/").Folders.Select(f => f.Path));

    [Fact]
    public void Open_RelativePath_IsBelowTheOwnCgroup() =>
        Assert.Equal(
            ["/sys/fs/cgroup/memory/own/memory/c", "/sys/fs/cgroup/unified/own/unified/c"],
            new CgroupManagerFactory(Memory + HybridV2, Own).Open("c").Folders.Select(f => f.Path));

    [Fact]
    public void FromText_OfToText_IsTheSame()
    {
        var factory = new CgroupManagerFactory(Tmpfs + HybridV2 + Cpu + Systemd, Own);
        var copy = CgroupManagerFactory.FromText(factory.ToText());
        Assert.Equal(factory.Hierarchies, copy.Hierarchies);
        Assert.Equal(factory.Mode, copy.Mode);
    }

    [Theory]
    [InlineData("")]
    [InlineData("memory\t/sys/fs/cgroup/memory\n")]
    [InlineData("memory\trelative\t/\n")]
    public void FromText_NotSuchAText_Throws(string text) => Assert.Throws<CgroupException>(() => CgroupManagerFactory.FromText(text));

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/a/../b")]
    [InlineData("..")]
    [InlineData("/a/./b")]
    [InlineData("/a\nb")]
    [InlineData("system.slice:crishim:id")]
    public void Open_PathThatIsNoCgroup_Throws(string path) =>
        Assert.Throws<CgroupException>(() => new CgroupManagerFactory(Memory, Own).Open(path));
}
