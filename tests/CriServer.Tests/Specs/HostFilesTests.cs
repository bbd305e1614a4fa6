using CriShim.CriServer.Specs;

namespace CriShim.CriServer.Tests.Specs;

public sealed class HostFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("crishim-test-").FullName;
    private readonly HostFiles _files = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Resolve_Link_IsFollowed()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "link"), _folder);
        Assert.Equal(_folder, _files.Resolve(Path.Combine(_folder, "link")));
    }

    [Fact]
    public void Resolve_Missing_IsNull() => Assert.Null(_files.Resolve(Path.Combine(_folder, "none")));

    [Fact]
    public void FindDevices_Device_IsDescribed()
    {
        var device = Assert.Single(_files.FindDevices("/dev/null")!);
        Assert.Equal(("/dev/null", 'c', 1L, 3L), (device.Path, device.Type, device.Major, device.Minor));
    }

    [Fact]
    public void FindDevices_Folder_HasThoseUnderIt() => Assert.Contains(_files.FindDevices("/dev")!, device => device.Path == "/dev/zero");

    [Fact]
    public void FindDevices_Missing_IsNull() => Assert.Null(_files.FindDevices(Path.Combine(_folder, "none")));

    [Fact]
    public void FindDevices_PlainFile_IsEmpty() => Assert.Empty(_files.FindDevices("/proc/self/status")!);

    [Fact]
    public void Read_File_GivesItsBytes()
    {
        File.WriteAllText(Path.Combine(_folder, "f"), "text");
        Assert.Equal("text"u8.ToArray(), _files.Read(Path.Combine(_folder, "f"), 4));
    }

    [Fact]
    public void Read_TooLarge_Throws()
    {
        File.WriteAllText(Path.Combine(_folder, "f"), "text");
        Assert.Throws<IOException>(() => _files.Read(Path.Combine(_folder, "f"), 3));
    }

    [Fact]
    public void Read_Device_Throws() => Assert.Throws<IOException>(() => _files.Read("/dev/zero", 1000));

    [Theory]
    [InlineData("shared:1", HostPropagation.Shared)]
    [InlineData("shared:1 master:2", HostPropagation.Shared)]
    [InlineData("master:2", HostPropagation.Slave)]
    [InlineData("", HostPropagation.Private)]
    internal void Find_Tags_GiveThePropagation(string tags, HostPropagation expected)
    {
        var line = $"36 35 98:0 /mnt1 /mnt2 rw,noatime {tags}{(tags.Length > 0 ? " " : "")}- ext3 /dev/root rw";
        Assert.Equal(expected, HostFiles.Find(["1 0 0:1 / / rw shared:9 - ext4 x rw", line], 36));
    }

    [Fact]
    public void HostFacts_FromProc_AreRead()
    {
        File.WriteAllText(Path.Combine(_folder, "status"), "Name:\tx\nCapPrm:\t0000000000000003\nCapBnd:\t0000000000000001\n");
        File.WriteAllText(Path.Combine(_folder, "limits"), "Limit  Soft  Hard  Units\nMax open files            1024                 4096                 files\n");
        File.WriteAllText(Path.Combine(_folder, "oom_score_adj"), "-5\n");
        File.WriteAllText(Path.Combine(_folder, "hostname"), "node.example\n");
        var facts = HostFactsReader.Read(true, false, new FolderCgroupPaths(), _folder, Path.Combine(_folder, "hostname"));
        Assert.Equal(["CAP_CHOWN"], facts.Capabilities);
        Assert.Equal((4096UL, -5, "node.example"), (facts.OpenFilesHardLimit, facts.OomScoreAdjMinimum, facts.Hostname));
    }
}
