using CriShim.Linux;

namespace CriShim.Runtime.Tests.Linux;

public sealed class MountInfoTests
{
    private const string Text = """
        22 27 0:21 / / rw,relatime shared:1 - ext4 /dev/vda rw
        23 22 0:22 / /run rw,nosuid shared:7 master:1 - tmpfs tmpfs rw
        24 23 0:23 /a\040b /run/x\040y rw - overlay none rw
        """;

    [Fact]
    public void Parse_EscapedNames_AreUnescaped()
    {
        var mounts = MountInfo.Parse(Text);

        Assert.Equal(new MountInfo("/a b", "/run/x y", "overlay", "none", 0), mounts[2]);
        Assert.Equal(7, mounts[1].PeerGroup);
    }

    [Theory]
    [InlineData("/run/x y/z", "/run/x y")]
    [InlineData("/running", "/")]
    [InlineData("/run", "/run")]
    public void FindFor_Path_IsTheLongestMountPoint(string path, string mountPoint) =>
        Assert.Equal(mountPoint, MountInfo.FindFor(path, MountInfo.Parse(Text))!.MountPoint);
}
