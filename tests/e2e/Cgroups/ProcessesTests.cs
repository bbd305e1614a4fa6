using CriShim.Cgroups;
using CriShim.E2e.Fixtures;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Cgroups;

/// <summary>Joining, listing, killing, freezing and removing, on the real hierarchies.</summary>
public sealed class ProcessesTests
{
    private static readonly TimeSpan s_limit = Patience.Seconds(10);

    /// <summary>The ways in which this machine's mounts can be taken.</summary>
    public static TheoryData<string> Machines => V1FactAttribute.HasV1 ? ["hybrid", "legacy", "unified"] : ["unified"];

    [Theory]
    [MemberData(nameof(Machines))]
    public void Kill_ProcessesAndChildren_AllEndAndCgroupIsRemoved(string machine)
    {
        using var cgroup = new CgroupFixture(Factory(machine));
        cgroup.Manager.Create();
        cgroup.Manager.Apply(new ResourcesSpec());
        var process = cgroup.Start("sleep 60 & sleep 60 & sleep 60");
        Assert.Contains(process.Id, cgroup.Manager.GetPids());
        Assert.True(cgroup.Manager.IsPopulated());
        var busy = Assert.Throws<LinuxException>(cgroup.Reopen().Remove);
        Assert.Equal(Errno.EBUSY, busy.Errno);

        cgroup.Reopen().Kill();
        Assert.True(cgroup.Manager.WaitEmpty(s_limit));
        Assert.True(process.WaitForExit(s_limit));
        Assert.Equal(137, process.ExitCode);
        cgroup.Manager.Remove();
        Assert.False(cgroup.Manager.Exists());
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Kill_WhileForking_LeavesNone(string machine)
    {
        using var cgroup = new CgroupFixture(Factory(machine));
        cgroup.Manager.Create();
        cgroup.Manager.Apply(new ResourcesSpec());
        cgroup.Start("while :; do (sleep 0.01 & sleep 0.01 &) & done 2>/dev/null");
        cgroup.Manager.Kill();
        Assert.True(cgroup.Manager.WaitEmpty(s_limit));
        Assert.Empty(cgroup.Manager.GetPids());
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Freeze_Process_StopsThawsAndDiesFrozen(string machine)
    {
        using var cgroup = new CgroupFixture(Factory(machine));
        cgroup.Manager.Create();
        cgroup.Manager.Apply(new ResourcesSpec());
        var process = cgroup.Start("while :; do echo tick; sleep 0.01; done");
        cgroup.Manager.Freeze();
        Assert.True(cgroup.Reopen().IsFrozen());
        cgroup.Manager.Thaw();
        Assert.False(cgroup.Manager.IsFrozen());
        Assert.Equal("tick", process.StandardOutput.ReadLine());

        cgroup.Manager.Freeze();
        cgroup.Reopen().Kill();
        Assert.True(cgroup.Manager.WaitEmpty(s_limit));
        Assert.True(process.WaitForExit(s_limit));
    }

    [Theory]
    [MemberData(nameof(Machines))]
    public void Create_Occupied_IsRefused(string machine)
    {
        using var cgroup = new CgroupFixture(Factory(machine));
        cgroup.Manager.Create();
        cgroup.Manager.Apply(new ResourcesSpec());
        var process = cgroup.Start("sleep 60");
        Assert.Equal(Errno.EBUSY, Assert.Throws<CgroupException>(cgroup.Reopen().Create).Errno);
        Assert.Contains(process.Id, cgroup.Manager.GetPids());
    }

    [Fact]
    public void Create_LeftBehindEmpty_OldLimitsAreGone()
    {
        using var cgroup = new CgroupFixture(CgroupFixture.Controllers);
        cgroup.Manager.Create();
        cgroup.Manager.Apply(new ResourcesSpec { Pids = new PidsSpec { Limit = 3 } });
        cgroup.Reopen().Create();
        Assert.Equal("max", cgroup.Read(V1FactAttribute.HasV1 ? "pids" : "", "pids.max"));
    }

    [Fact]
    public void CreateLeaf_KilledAlone_ContainerLivesOn()
    {
        using var cgroup = new CgroupFixture(CgroupFixture.Machine);
        cgroup.Manager.Create();
        cgroup.Manager.Apply(new ResourcesSpec());
        var first = cgroup.Start("sleep 60");
        var leaf = cgroup.Manager.CreateLeaf("exec-1")!;
        var second = cgroup.Start($"echo 0 > {leaf.Path}/cgroup.procs; echo moved; sleep 60 & sleep 60");
        Assert.Equal("moved", second.StandardOutput.ReadLine());
        Assert.Contains(second.Id, cgroup.Manager.GetPids());

        leaf.Kill();
        Assert.True(second.WaitForExit(s_limit));
        leaf.Remove();
        Assert.False(Directory.Exists(leaf.Path));
        Assert.False(first.HasExited);
    }

    [Fact]
    public void OpenEvents_LastProcessEnds_Fires()
    {
        using var cgroup = new CgroupFixture(CgroupFixture.Machine);
        cgroup.Manager.Create();
        cgroup.Manager.Apply(new ResourcesSpec());
        var process = cgroup.Start("read line; exit 0");
        using var events = cgroup.Manager.OpenEvents();
        Assert.NotNull(events);
        process.Kill();
        Assert.True(cgroup.Manager.WaitEmpty(s_limit));
    }

    [Fact]
    public void OomKillCount_RealOom_IsCounted()
    {
        using var cgroup = new CgroupFixture(CgroupFixture.Machine);
        cgroup.Manager.Create();
        cgroup.Manager.Apply(new ResourcesSpec { Memory = new MemorySpec { Limit = 16 << 20, Swap = 16 << 20 } });
        Assert.Equal(0, cgroup.Manager.OomKillCount());
        var process = cgroup.Start("exec tail /dev/zero");
        Assert.True(process.WaitForExit(Patience.Seconds(30)));
        Assert.Equal(137, process.ExitCode);
        Assert.Equal(1, cgroup.Reopen().OomKillCount());
    }

    [Fact]
    public void Stats_BusyProcess_AreCounted()
    {
        using var cgroup = new CgroupFixture(CgroupFixture.Machine);
        cgroup.Manager.Create();
        cgroup.Manager.Apply(new ResourcesSpec { Memory = new MemorySpec { Limit = 64 << 20 }, Pids = new PidsSpec { Limit = 50 } });
        var process = cgroup.Start("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo done; sleep 60");
        Assert.Equal("done", process.StandardOutput.ReadLine());
        var stats = cgroup.Manager.Stats();
        Assert.InRange(stats.Cpu!.UsageNanoseconds, 1_000_000ul, 60_000_000_000ul);
        Assert.InRange(stats.Memory!.UsageBytes, 1ul, 64ul << 20);
        Assert.InRange(stats.Memory.WorkingSetBytes, 1ul, stats.Memory.UsageBytes);
        Assert.Equal(64ul << 20, stats.Memory.LimitBytes);
        Assert.Equal(50ul, stats.Pids!.Limit);
        Assert.InRange(stats.Pids.Current, 1ul, 2ul);
        Assert.Null(cgroup.Manager.Stats(StatsParts.Cpu).Memory);
    }

    [Fact]
    public void Devices_ProgramOnUnified_DecidesAndIsReplaced()
    {
        using var cgroup = new CgroupFixture(CgroupFixture.Unified);
        cgroup.Manager.Create();
        cgroup.Manager.Apply(new ResourcesSpec { Devices = [new DeviceRuleSpec { Allow = false, Access = "rwm" }] });
        const string Script = "head -c 1 /dev/zero > /dev/null && echo zero; (: < /dev/kmsg) 2> /dev/null && echo kmsg || echo denied";
        Assert.Equal("zero\ndenied\n", cgroup.Start(Script).StandardOutput.ReadToEnd());

        cgroup.Reopen().Update(new ResourcesSpec { Devices = [new DeviceRuleSpec { Allow = true, Access = "rwm" }] });
        Assert.Equal("zero\nkmsg\n", cgroup.Start(Script).StandardOutput.ReadToEnd());
    }

    private static CgroupManagerFactory Factory(string machine) => machine switch
    {
        "hybrid" => CgroupFixture.Machine,
        "legacy" => CgroupFixture.Legacy,
        _ => CgroupFixture.Unified,
    };
}
