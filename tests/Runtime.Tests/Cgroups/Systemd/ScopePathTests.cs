using CriShim.Cgroups;
using CriShim.Cgroups.Systemd;

namespace CriShim.Runtime.Tests.Cgroups.Systemd;

public sealed class ScopePathTests
{
    [Theory]
    [InlineData("kubepods-burstable-pod1.slice:crishim:c1", "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/crishim-c1.scope")]
    [InlineData("system.slice:runc:c1", "/system.slice/runc-c1.scope")]
    [InlineData(":crishim:c1", "/system.slice/crishim-c1.scope")]
    [InlineData("-.slice::c1", "/c1.scope")]
    public void Parse_Folder_IsWhereSystemdPutsIt(string path, string folder) => Assert.Equal(folder, ScopePath.Parse(path).Folder);

    [Theory]
    [InlineData("a:b:")]
    [InlineData("a:b:c")]
    [InlineData("a--b.slice:x:c")]
    [InlineData("a.slice:x:c d")]
    [InlineData("a.slice:x:c.slice")]
    [InlineData(".slice:x:c")]
    public void Parse_NoSlice_IsRefused(string path) =>
        Assert.Equal(CriShim.Linux.Errno.EINVAL, Assert.Throws<CgroupException>(() => ScopePath.Parse(path)).Errno);

    [Theory]
    [InlineData("a.slice:x:c", true)]
    [InlineData("/a/b:c:d", false)]
    [InlineData("c1", false)]
    public void Is_Form_IsTold(string path, bool expected) => Assert.Equal(expected, ScopePath.Is(path));

    [Fact]
    public void Open_OnAHybrid_NamesTheNeed()
    {
        var factory = new CgroupManagerFactory(
            "30 20 0:26 / /c/cpu rw - cgroup cgroup rw,cpu\n31 20 0:27 / /c/u rw - cgroup2 cgroup2 rw\n", "1:cpu:/\n0::/\n");
        var error = Assert.Throws<CgroupException>(() => factory.Open("a.slice:x:c"));
        Assert.Contains("needs cgroup v2", error.Message, StringComparison.Ordinal);
    }
}
