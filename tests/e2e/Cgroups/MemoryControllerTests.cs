using CriShim.E2e.Fixtures;
using CriShim.E2e.Runtime;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;
using static CriShim.E2e.Cgroups.ControllerTable;

namespace CriShim.E2e.Cgroups;

/// <summary>
/// Memory, and huge pages. The soft limit of v1 is only seen here (<see cref="ControllerTable"/>): the kernel reclaims by it when the whole
/// machine runs out.
/// </summary>
public sealed class MemoryControllerTests : ControlledTests
{
    [Fact]
    public void Limit_Exceeded_IsKilled()
    {
        using var bundle = new ControlledBundle(Memory(new() { Limit = 32 * Mebibyte, Swap = 32 * Mebibyte }));
        Assert.Equal(137, bundle.Run("exec dd if=/dev/zero of=/dev/null bs=64M count=1").ExitCode);
    }

    [NeedsFact(KernelNeed.Swap)]
    public void LimitAndSwap_NotExceeded_Lives()
    {
        using var bundle = new ControlledBundle(Memory(new() { Limit = 32 * Mebibyte, Swap = 128 * Mebibyte }));
        bundle.Output("dd if=/dev/zero of=/dev/null bs=64M count=1");
    }

    [NeedsFact(KernelNeed.CgroupV1)]
    public async Task OomKiller_Disabled_TheProcessWaits()
    {
        using var bundle = new ControlledBundle(Memory(new() { Limit = 32 * Mebibyte, Swap = 32 * Mebibyte, DisableOOMKiller = true }));
        // It must reach the limit by touching memory itself: a system call that does gets an error instead of waiting.
        bundle.Bundle.Start("sh", "-c", "a=0123456789abcdef; while :; do a=$a$a; done");
        var control = $"/sys/fs/cgroup/memory{bundle.Bundle.CgroupFolder}/memory.oom_control";
        await Eventually.TrueAsync(() => File.ReadAllText(control).Contains("under_oom 1", StringComparison.Ordinal));
        Assert.Equal("running", bundle.Bundle.Status());
    }

    [NeedsTheory(KernelNeed.CgroupV2)]
    [InlineData("0", "survived")]
    [InlineData("1", "")]
    public void OomGroup_OneOverTheLimit_AllOrOneAreKilled(string group, string output)
    {
        using var bundle = new ControlledBundle(new ResourcesSpec
        {
            Memory = new MemorySpec { Limit = 32 * Mebibyte, Swap = 32 * Mebibyte },
            Unified = new Dictionary<string, string> { ["memory.oom.group"] = group },
        });
        Assert.Equal(output, bundle.Run("dd if=/dev/zero of=/dev/null bs=64M count=1; echo survived").Output.TrimEnd());
    }

    [NeedsFact(KernelNeed.CgroupV2)]
    public void High_Exceeded_IsCounted()
    {
        using var bundle = new ControlledBundle(Unified("memory.high", $"{8 * Mebibyte}"));
        var high = bundle.Output("dd if=/dev/zero of=/dev/null bs=24M count=1 2>&1 | cut -c1-0; grep ^high /sys/fs/cgroup/memory.events");
        Assert.InRange(Number(high.Trim()), 1, long.MaxValue);
    }

    /// <summary>
    /// Two containers below one limit: the second reads more than fits, and the kernel takes from the first what is not protected. Files with
    /// nothing in them fill the page cache without a disk's work.
    /// </summary>
    [NeedsTheory(KernelNeed.CgroupV2, KernelNeed.CgroupFolders)]
    [InlineData(null, false)]
    [InlineData("memory.low", true)]
    [InlineData("memory.min", true)]
    public async Task Reservation_SiblingNeedsMore_IsKept(string? protection, bool isKept)
    {
        using var parent = new ParentCgroup("memory", ("memory.max", 96 * Mebibyte), ("memory.low", 48 * Mebibyte), ("memory.min", 48 * Mebibyte));
        using var files = new TempFolder();
        using var first = InParent("first", parent, files, protection switch
        {
            "memory.low" => Memory(new() { Reservation = 48 * Mebibyte }),
            "memory.min" => Unified("memory.min", $"{48 * Mebibyte}"),
            _ => new ResourcesSpec(),
        });
        using var second = InParent("second", parent, files, new ResourcesSpec());
        first.Bundle.Start("sh", "-c", "dd if=/files/first of=/dev/null bs=1M count=32 && touch /files/read && sleep 1000");
        await Eventually.TrueAsync(() => File.Exists(files.Combine("read")));
        Assert.InRange(PageCache(parent.Path + "/first"), 28 * Mebibyte, 48 * Mebibyte); // read-ahead is up to the disk
        second.Output("dd if=/files/second of=/dev/null bs=1M count=512 2>/dev/null");
        Assert.InRange(PageCache(parent.Path + "/first"), isKept ? 28 * Mebibyte : 0, isKept ? 48 * Mebibyte : 16 * Mebibyte);
    }

    [NeedsFact(KernelNeed.HugePages)]
    public void HugePages_MoreThanTheLimit_AreRefused() => CheckHugePages(bundle => bundle.RunScript(Allocate));

    [NeedsFact(KernelNeed.FreeHugePages)]
    public void HugePages_OfAnOwnHierarchy_AreRefused() => CheckHugePages(bundle => OwnHierarchy.Run(bundle, "hugetlb", Allocate));

    private const string Allocate = "fallocate -l 2M /disk/a && echo one; fallocate -l 2M /disk/b && echo two";

    private static void CheckHugePages(Func<OciBundle, CommandResult> run)
    {
        using var reserved = new HugePages(2);
        using var bundle = new ControlledBundle(new ResourcesSpec { HugepageLimits = [new() { PageSize = "2MB", Limit = 2 * (ulong)Mebibyte }] });
        bundle.AddMount(new MountSpec { Destination = "/disk", Type = "hugetlbfs", Source = "hugetlbfs", Options = ["pagesize=2M"] });
        Assert.Equal("one", run(bundle.Bundle).Output.TrimEnd());
    }

    private static ControlledBundle InParent(string name, ParentCgroup parent, TempFolder files, ResourcesSpec resources)
    {
        using (var file = File.Create(files.Combine(name)))
        {
            file.SetLength(512 * Mebibyte);
        }

        var bundle = new ControlledBundle(resources);
        bundle.AddMount(new MountSpec { Destination = "/files", Type = "none", Source = files.Path, Options = ["bind"] });
        bundle.Bundle.Spec = bundle.Bundle.Spec with { Linux = bundle.Bundle.Spec.Linux! with { CgroupsPath = $"/{parent.Name}/{name}" } };
        return bundle;
    }

    /// <summary>Bytes of files.</summary>
    private static long PageCache(string cgroup) =>
        Number(File.ReadLines(cgroup + "/memory.stat").First(line => line.StartsWith("file ", StringComparison.Ordinal)));
}
