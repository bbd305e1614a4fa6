using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Rootfs;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Tests.Rootfs;

public sealed class MountOptionsTests
{
    [Fact]
    public void Parse_Attributes_AreSetAndCleared()
    {
        var options = Parse("ro", "nosuid", "exec", "relatime");

        Assert.Equal(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_RELATIME, options.Set);
        Assert.Equal(MOUNT_ATTR_NOEXEC | MOUNT_ATTR__ATIME, options.Clear);
    }

    [Fact]
    public void Parse_ContraryWords_TheLaterWins()
    {
        var options = Parse("ro", "rw", "noexec", "exec", "exec", "noexec");

        Assert.Equal(MOUNT_ATTR_NOEXEC, options.Set);
        Assert.Equal(MOUNT_ATTR_RDONLY, options.Clear);
    }

    [Fact]
    public void Parse_AccessTimeWords_TheLaterReplacesTheFormer()
    {
        var options = Parse("noatime", "strictatime");

        Assert.Equal((MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME), (options.Set, options.Clear));
    }

    [Fact]
    public void Parse_RecursiveWords_AreApart()
    {
        var options = Parse("rro", "rnosuid");

        Assert.Equal((MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0UL), (options.RecursiveSet, options.Set));
    }

    [Fact]
    public void Parse_Propagation_KeepsTheOrder() =>
        Assert.Equal([(MS_SLAVE, true), (MS_SHARED, false)], Parse("rslave", "shared").Propagations);

    [Theory]
    [InlineData("bind", false)]
    [InlineData("rbind", true)]
    public void Parse_Bind_IsRecognized(string word, bool recursive) =>
        Assert.Equal((true, recursive), (Parse(word).IsBind, Parse(word).IsRecursiveBind));

    [Fact]
    public void Parse_OtherWords_AreTheFileSystems() =>
        Assert.Equal(["mode=755", "size=65536k", "newinstance"], Parse("mode=755", "nosuid", "size=65536k", "newinstance", "defaults").FileSystem);

    private static MountOptions Parse(params string[] words) => MountOptions.Parse(new MountSpec { Destination = "/x", Type = "tmpfs", Options = words });
}
