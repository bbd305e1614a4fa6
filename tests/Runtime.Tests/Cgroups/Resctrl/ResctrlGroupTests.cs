using CriShim.Cgroups;
using CriShim.Cgroups.Resctrl;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Tests.Cgroups.Resctrl;

/// <summary>The rules of config-linux.md, "IntelRdt", on a folder that stands for a resctrl file system.</summary>
public sealed class ResctrlGroupTests : IDisposable
{
    private const string Id = "c1";
    private readonly string _root = Directory.CreateTempSubdirectory("crishim-resctrl-").FullName;

    public ResctrlGroupTests() => File.WriteAllText(Place("schemata"), "    MB:0=100;1=100\n    L3:0=007ff;1=007ff\n");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Create_AllSchemas_AreWrittenInOrderToAGroupOfTheContainersName()
    {
        Group(new() { L3CacheSchema = "L3:0=7f0;1=1f", MemBwSchema = "MB:0=20;1=70", Schemata = ["L2:0=f", "L3:0=1"] }).Create();
        Assert.Equal("L3:0=7f0;1=1f\nMB:0=20;1=70\nL2:0=f\nL3:0=1\n", File.ReadAllText(Place(Id, "schemata")));
    }

    [Fact]
    public void Update_OneSchema_IsWrittenAgain()
    {
        Group(new() { L3CacheSchema = "L3:0=7f0" }).Create();
        Group(new() { L3CacheSchema = "L3:0=f" }).Update();
        Assert.Equal("L3:0=7f0\nL3:0=f\n", File.ReadAllText(Place(Id, "schemata")));
    }

    [Fact]
    public void Create_NothingAsked_WritesNoSchema()
    {
        Group(new()).Create();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Place(Id)));
    }

    [Fact]
    public void Add_AProcess_IsInTheGroupAndThenInTheMonitoringOne()
    {
        var group = Monitored(new() { EnableMonitoring = true });
        group.Add(4711);
        Assert.Equal("4711", File.ReadAllText(Place(Id, "tasks")));
        Assert.Equal("4711", File.ReadAllText(Place(Id, "mon_groups", Id, "tasks")));
        using var join = group.OpenJoin();
        Assert.Equal(2, join.TaskFiles.Count);
    }

    [Fact]
    public void Add_ToTheDefaultClass_IsInTheRoot()
    {
        var group = Group(new() { ClosId = "/" });
        group.Create();
        group.Add(4711);
        group.Remove();
        Assert.Equal("4711", File.ReadAllText(Place("tasks")));
    }

    [Theory]
    [InlineData("closID", "named", null, null)] // no such group, and nothing to make it with
    [InlineData("l3CacheSchema", "made", "L3:0=ff;1=7ff", null)]
    [InlineData("memBwSchema", "made", "L3:0=7ff;1=7ff", "MB:0=50")]
    public void Create_GroupThatIsOther_IsRefusedByTheMember(string member, string closId, string? cache, string? bandwidth)
    {
        Directory.CreateDirectory(Place("made"));
        File.Copy(Place("schemata"), Place("made", "schemata"));
        var error = Assert.Throws<CgroupException>(() => Group(new() { ClosId = closId, L3CacheSchema = cache, MemBwSchema = bandwidth }).Create());
        Assert.Contains("linux.intelRdt." + member, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Place("named")));
    }

    [Fact]
    public void Create_GroupThatIsTheSame_IsUsedAndStays()
    {
        Directory.CreateDirectory(Place("made"));
        File.Copy(Place("schemata"), Place("made", "schemata"));
        var group = Group(new() { ClosId = "made", L3CacheSchema = "L3:0=7FF", MemBwSchema = "MB:1=100", Schemata = ["L2:0=3"] });
        group.Create();
        Assert.EndsWith("L3:0=007ff;1=007ff\nL2:0=3\n", File.ReadAllText(Place("made", "schemata")), StringComparison.Ordinal);
        group.Remove();
        Assert.True(Directory.Exists(Place("made")));
    }

    [Fact]
    public void Create_GroupOfTheSameContainer_IsRefused()
    {
        Group(new()).Create();
        var error = Assert.Throws<CgroupException>(() => Group(new()).Create());
        Assert.Contains("linux.intelRdt.closID", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_MonitoringThatTheMachineHasNot_IsRefusedAndLeavesNothing()
    {
        Directory.CreateDirectory(Place("info"));
        File.WriteAllText(Place("info", "last_cmd_status"), "Out of RMIDs\n");
        var error = Assert.Throws<CgroupException>(() => Group(new() { EnableMonitoring = true }).Create()); // the folder has no mon_groups
        Assert.Contains("linux.intelRdt.enableMonitoring", error.Message, StringComparison.Ordinal);
        Assert.Contains("Out of RMIDs", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Place(Id)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Remove_OwnGroup_IsGone(bool byId)
    {
        var group = Monitored(new() { EnableMonitoring = true });
        if (byId)
        {
            ResctrlGroup.RemoveAllOf(_root, Id);
        }
        else
        {
            group.Remove();
        }

        Assert.False(Directory.Exists(Place(Id, "mon_groups", Id)));
    }

    private ResctrlGroup Group(IntelRdtSpec spec) => new(_root, Id, spec);

    /// <summary>In a group as the kernel makes it.</summary>
    private ResctrlGroup Monitored(IntelRdtSpec spec)
    {
        Directory.CreateDirectory(Place(Id, "mon_groups"));
        File.WriteAllText(Place(Id, "tasks"), "");
        var group = Group(spec with { ClosId = Id });
        group.Create();
        return group;
    }

    private string Place(params string[] parts) => Path.Combine([_root, .. parts]);
}
