using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Tests.Cgroups;

/// <summary>The managers on a plain folder: what they make, write and remove, without the kernel's part.</summary>
public sealed class CgroupManagerTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("crishim-test-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Create_Legacy_MakesFolderInEachHierarchyAndRemoveLeavesParents()
    {
        var manager = Legacy("memory", "pids").Open("/kubepods/pod1/c1");
        manager.Create();
        Assert.All(manager.Folders, folder => Assert.True(Directory.Exists(folder.Path)));
        manager.Remove();
        Assert.False(manager.Exists());
        Assert.True(Directory.Exists(Path.Combine(_root, "memory/kubepods/pod1")));
    }

    [Fact]
    public void Create_ExistingWithProcesses_IsRefusedAndUndone()
    {
        var manager = Legacy("memory", "pids").Open("/c1");
        Directory.CreateDirectory(Path.Combine(_root, "pids/c1"));
        File.WriteAllText(Path.Combine(_root, "pids/c1/cgroup.procs"), "1\n");
        Assert.Equal(Errno.EBUSY, Assert.Throws<CgroupException>(manager.Create).Errno);
        Assert.False(Directory.Exists(Path.Combine(_root, "memory/c1")));
        Assert.True(Directory.Exists(Path.Combine(_root, "pids/c1")));
    }

    [Fact]
    public void Remove_Children_GoFirst()
    {
        var manager = Legacy("memory").Open("/c1");
        manager.Create();
        Directory.CreateDirectory(Path.Combine(_root, "memory/c1/inner/most"));
        manager.Remove();
        Assert.False(manager.Exists());
        manager.Remove();
    }

    [Fact]
    public void Create_Hybrid_LeavesOutTheFreezer()
    {
        var manager = Hybrid("memory", "freezer").Open("/c1");
        Assert.Equal(["memory", ""], manager.Folders.Select(folder => folder.Controllers));
    }

    [Fact]
    public void OpenJoin_Hybrid_HasTasksAndFolder()
    {
        var manager = Hybrid("memory", "pids").Open("/c1");
        manager.Create();
        File.WriteAllText(Path.Combine(_root, "memory/c1/tasks"), "");
        File.WriteAllText(Path.Combine(_root, "pids/c1/tasks"), "");
        using var join = manager.OpenJoin();
        Assert.Equal(2, join.TaskFiles.Count);
        Assert.False(join.CloneInto!.IsInvalid);
        Fd.WriteAll(join.TaskFiles[0], "0"u8);
        Assert.Equal("0", File.ReadAllText(Path.Combine(_root, "memory/c1/tasks")));
    }

    [Fact]
    public void Complete_HybridFolderWithForeignProcesses_IsRefusedAndLeftAlone()
    {
        var manager = Hybrid("memory", "pids").Open("/c1");
        Directory.CreateDirectory(Path.Combine(_root, "pids/c1"));
        File.WriteAllText(Path.Combine(_root, "pids/c1/cgroup.procs"), "1\n");
        manager.Prepare(null).Dispose();
        Assert.True(Directory.Exists(Path.Combine(_root, "unified/c1")));
        Assert.False(Directory.Exists(Path.Combine(_root, "memory/c1")));
        Assert.Equal(Errno.EBUSY, Assert.Throws<CgroupException>(() => manager.Complete(null)).Errno);
        manager.Remove();
        Assert.False(Directory.Exists(Path.Combine(_root, "unified/c1")));
        Assert.False(Directory.Exists(Path.Combine(_root, "memory/c1")));
        Assert.True(Directory.Exists(Path.Combine(_root, "pids/c1")));
    }

    [Fact]
    public void CreateLeaf_Hybrid_IsInTheUnifiedHierarchyAlone()
    {
        var manager = Hybrid("memory").Open("/c1");
        manager.Create();
        var leaf = manager.CreateLeaf("exec-1")!;
        Assert.Equal(Path.Combine(_root, "unified/c1/exec-1"), leaf.Path);
        leaf.Remove();
        Assert.False(Directory.Exists(leaf.Path));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("")]
    public void CreateLeaf_NotAName_Throws(string name)
    {
        var manager = Hybrid("memory").Open("/c1");
        manager.Create();
        Assert.Throws<CgroupException>(() => manager.CreateLeaf(name));
    }

    [Fact]
    public void Apply_Cpuset_CopiesTheParentsFromTheTop()
    {
        Write("cpuset/cpuset.cpus", "0-3\n");
        Write("cpuset/cpuset.mems", "0\n");
        var manager = Legacy("cpuset").Open("/pod/c1");
        manager.Create();
        foreach (var file in (string[])["pod/cpuset.cpus", "pod/cpuset.mems", "pod/c1/cpuset.cpus", "pod/c1/cpuset.mems"])
        {
            Write("cpuset/" + file, "");
        }

        manager.Apply(new ResourcesSpec());
        Assert.Equal("0-3", Read("cpuset/pod/cpuset.cpus"));
        Assert.Equal("0-3", Read("cpuset/pod/c1/cpuset.cpus"));
        Assert.Equal("0", Read("cpuset/pod/c1/cpuset.mems"));
    }

    [Fact]
    public void Apply_ControllerNotMounted_ErrorNamesIt()
    {
        var manager = Legacy("memory").Open("/c1");
        manager.Create();
        var error = Assert.Throws<CgroupException>(() => manager.Apply(new ResourcesSpec { Pids = new PidsSpec { Limit = 1 } }));
        Assert.Contains("controller pids is not mounted", error.Message, StringComparison.Ordinal);
        manager.Apply(new ResourcesSpec { HugepageLimits = [new HugepageLimitSpec { PageSize = "2MB", Limit = 0 }] });
    }

    [Fact]
    public void Apply_UnifiedSettingsOnV1_AreRefused()
    {
        var settings = new ResourcesSpec { Unified = new Dictionary<string, string> { ["memory.max"] = "1" } };
        Assert.Equal(Errno.EINVAL, Assert.Throws<CgroupException>(() => Legacy("memory").Open("/c1").Apply(settings)).Errno);
    }

    [Fact]
    public void Create_Unified_EnablesControllersFromTheTop()
    {
        Write("cgroup.controllers", "cpuset cpu io memory pids rdma unknown\n");
        Write("cgroup.subtree_control", "cpu ");
        Directory.CreateDirectory(Path.Combine(_root, "pod"));
        Write("pod/cgroup.subtree_control", "");
        Unified().Open("/pod/c1").Create();
        Assert.Equal("+cpuset +io +memory +pids +rdma", Read("cgroup.subtree_control"));
        Assert.Equal("+cpuset +cpu +io +memory +pids +rdma", Read("pod/cgroup.subtree_control"));
    }

    [Fact]
    public void Create_UnifiedAllThere_WritesNothing()
    {
        Write("cgroup.controllers", "cpu memory\n");
        Write("cgroup.subtree_control", "");
        Directory.CreateDirectory(Path.Combine(_root, "c1"));
        Write("c1/cgroup.controllers", "cpu memory\n");
        Unified().Open("/c1").Create();
        Assert.Equal("", Read("cgroup.subtree_control"));
    }

    [Fact]
    public void Apply_UnifiedControllerNotHandedDown_ErrorSaysWhy()
    {
        Write("cgroup.controllers", "pids\n");
        var manager = Unified().Open("/c1");
        manager.Create();
        var error = Assert.Throws<CgroupException>(() => manager.Apply(new ResourcesSpec { Pids = new PidsSpec { Limit = 1 } }));
        Assert.Contains("failed to set cgroup.subtree_control to \"+pids\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetPids_Unified_AreOfTheWholeTree()
    {
        var manager = Unified().Open("/c1");
        Directory.CreateDirectory(Path.Combine(_root, "c1/exec-1"));
        Write("c1/cgroup.procs", "12\n13\n");
        Write("c1/exec-1/cgroup.procs", "14\n0\n");
        Assert.Equal([12, 13, 14], manager.GetPids());
        Assert.Equal([12, 13], manager.GetPids(recursive: false));
    }

    [Theory]
    [InlineData("pod/memory.max", false)]
    [InlineData("pod/memory.swap.max", true)]
    [InlineData("pod/pids.max", true)]
    public void HasSwapAccounting_Unified_IsReadBelowTheRoot(string file, bool expected)
    {
        Write(file, "max\n");
        Assert.Equal(expected, Unified().HasSwapAccounting());
    }

    [Fact]
    public void HasSwapAccounting_Legacy_IsReadInTheRoot()
    {
        var factory = Legacy("memory");
        Assert.False(factory.HasSwapAccounting());
        Write("memory/memory.memsw.limit_in_bytes", "1\n");
        Assert.True(factory.HasSwapAccounting());
    }

    [Fact]
    public void Queries_NoCgroup_AreEmpty()
    {
        foreach (var manager in (ICgroupManager[])[Unified().Open("/gone"), Legacy("memory").Open("/gone"), Hybrid("memory").Open("/gone")])
        {
            Assert.False(manager.Exists());
            Assert.False(manager.IsPopulated());
            Assert.Empty(manager.GetPids());
            Assert.Equal(0, manager.OomKillCount());
            manager.Kill();
            Assert.True(manager.WaitEmpty(TimeSpan.FromSeconds(1)));
            manager.Remove();
        }
    }

    private CgroupManagerFactory Legacy(params string[] controllers) => Factory(controllers, "");

    private CgroupManagerFactory Hybrid(params string[] controllers) => Factory(controllers, Mount("unified", "cgroup2", "rw"));

    private CgroupManagerFactory Unified() => new($"1 1 0:1 / {_root} rw - cgroup2 cgroup2 rw\n", "0::/\n");

    private CgroupManagerFactory Factory(string[] controllers, string unified)
    {
        var own = controllers.Select((controller, index) => $"{index + 1}:{controller}:/\n");
        return new CgroupManagerFactory(string.Concat(controllers.Select(c => Mount(c, "cgroup", "rw," + c))) + unified, string.Concat(own));
    }

    private string Mount(string folder, string type, string options)
    {
        Directory.CreateDirectory(Path.Combine(_root, folder));
        return $"1 1 0:1 / {_root}/{folder} rw - {type} {type} {options}\n";
    }

    private void Write(string file, string content)
    {
        var path = Path.Combine(_root, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    private string Read(string file) => File.ReadAllText(Path.Combine(_root, file));
}
