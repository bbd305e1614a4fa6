using CriShim.Cgroups.V1;
using CriShim.Cgroups.V2;
using CriShim.Runtime.Tests.Fakes;

namespace CriShim.Runtime.Tests.Cgroups;

public sealed class CgroupStatsTests : IDisposable
{
    private readonly RecordingFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void V1Cpu_Details_AreInNanoseconds()
    {
        _folder.With("cpuacct.usage", "1234567890\n").With("cpuacct.stat", "user 12\nsystem 3\n")
            .With("cpu.stat", "nr_periods 10\nnr_throttled 2\nthrottled_time 500\nnr_bursts 0\n");
        var cpu = V1Stats.Cpu(_folder, _folder, details: true);
        Assert.Equal(1234567890ul, cpu.UsageNanoseconds);
        Assert.Equal(120_000_000ul, cpu.UserNanoseconds);
        Assert.Equal(30_000_000ul, cpu.SystemNanoseconds);
        Assert.Equal((10ul, 2ul, 500ul), (cpu.Periods, cpu.ThrottledPeriods, cpu.ThrottledNanoseconds));
    }

    [Fact]
    public void V1Memory_NoLimit_IsHighestNumber()
    {
        _folder.With("memory.usage_in_bytes", "9000\n").With(
            "memory.stat",
            "cache 1\nrss 2\ninactive_file 3\nhierarchical_memory_limit 9223372036854771712\nhierarchical_memsw_limit 9223372036854771712\n"
            + "total_cache 100\ntotal_rss 200\ntotal_mapped_file 50\ntotal_swap 7\ntotal_pgfault 11\ntotal_pgmajfault 1\ntotal_inactive_file 1000\n");
        var memory = V1Stats.Memory(_folder, details: false);
        Assert.Equal(8000ul, memory.WorkingSetBytes);
        Assert.Equal((200ul, 100ul, 50ul, 7ul), (memory.RssBytes, memory.CacheBytes, memory.MappedFileBytes, memory.SwapBytes));
        Assert.Equal((ulong.MaxValue, ulong.MaxValue), (memory.LimitBytes, memory.SwapLimitBytes));
        Assert.Equal((11ul, 1ul), (memory.PageFaults, memory.MajorPageFaults));
    }

    [Fact]
    public void V1Memory_Limits_SwapIsWithoutMemory()
    {
        _folder.With("memory.usage_in_bytes", "10\n")
            .With("memory.stat", "hierarchical_memory_limit 1000\nhierarchical_memsw_limit 1500\ntotal_inactive_file 20\n");
        var memory = V1Stats.Memory(_folder, details: false);
        Assert.Equal((1000ul, 500ul, 0ul), (memory.LimitBytes, memory.SwapLimitBytes, memory.WorkingSetBytes));
    }

    [Fact]
    public void V1Io_ReadsAndWrites_ByDevice()
    {
        _folder.With("blkio.throttle.io_service_bytes_recursive", "8:0 Read 10\n8:0 Write 20\n8:0 Sync 5\n8:16 Read 1\nTotal 35\n")
            .With("blkio.throttle.io_serviced_recursive", "8:0 Read 3\n8:0 Write 4\nTotal 7\n");
        var io = V1Stats.Io(_folder);
        Assert.Equal(2, io.Count);
        Assert.Equal((10ul, 20ul, 3ul, 4ul), (io[0].ReadBytes, io[0].WriteBytes, io[0].ReadOperations, io[0].WriteOperations));
    }

    [Fact]
    public void V1Hugetlb_Sizes_WithoutReservations()
    {
        _folder.With("hugetlb.2MB.usage_in_bytes", "4\n").With("hugetlb.2MB.rsvd.usage_in_bytes", "9\n")
            .With("hugetlb.2MB.max_usage_in_bytes", "8\n").With("hugetlb.2MB.failcnt", "1\n");
        var size = V1Stats.Hugetlb(_folder).Single();
        Assert.Equal(("2MB", 4ul, 8ul, 1ul), (size.PageSize, size.UsageBytes, size.PeakBytes, size.FailCount));
    }

    [Fact]
    public void V2Cpu_Microseconds_AreConverted()
    {
        _folder.With("cpu.stat", "usage_usec 100\nuser_usec 60\nsystem_usec 40\nnr_periods 1\nnr_throttled 2\nthrottled_usec 3\n")
            .With("cpu.pressure", "some avg10=1.50 avg60=0.25 avg300=0.00 total=42\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
        var cpu = V2Stats.Cpu(_folder, details: true, pressure: true)!;
        Assert.Equal((100_000ul, 60_000ul, 40_000ul), (cpu.UsageNanoseconds, cpu.UserNanoseconds, cpu.SystemNanoseconds));
        Assert.Equal(3000ul, cpu.ThrottledNanoseconds);
        Assert.Equal((1.5, 0.25, 42ul), (cpu.Pressure!.Some.Average10, cpu.Pressure.Some.Average60, cpu.Pressure.Some.TotalMicroseconds));
        Assert.Equal(7ul, cpu.Pressure.Full.TotalMicroseconds);
    }

    [Fact]
    public void V2Memory_Max_IsHighestNumber()
    {
        _folder.With("memory.current", "9000\n").With("memory.max", "max\n").With("memory.swap.current", "5\n").With("memory.swap.max", "0\n")
            .With("memory.peak", "9500\n").With("memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n")
            .With("memory.stat", "anon 200\nfile 100\nkernel 30\nfile_mapped 50\ninactive_file 1000\npgfault 11\npgmajfault 1\n");
        var memory = V2Stats.Memory(_folder, details: true, pressure: false)!;
        Assert.Equal((8000ul, ulong.MaxValue, 0ul, 5ul), (memory.WorkingSetBytes, memory.LimitBytes, memory.SwapLimitBytes, memory.SwapBytes));
        Assert.Equal((9500ul, 3ul, 200ul, 30ul), (memory.PeakBytes, memory.FailCount, memory.RssBytes, memory.KernelBytes));
        Assert.Null(memory.Pressure);
    }

    [Fact]
    public void V2Stats_NoController_IsNull()
    {
        Assert.Null(V2Stats.Memory(_folder, details: true, pressure: true));
        Assert.Null(V2Stats.Pids(_folder, details: true));
        Assert.Empty(V2Stats.Io(_folder));
    }

    [Fact]
    public void V2Io_Lines_ByDevice()
    {
        _folder.With("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
        var io = V2Stats.Io(_folder).Single();
        Assert.Equal((8u, 0u, 1ul, 2ul, 3ul, 4ul), (io.Major, io.Minor, io.ReadBytes, io.WriteBytes, io.ReadOperations, io.WriteOperations));
    }

    [Theory]
    [InlineData("oom 0\noom_kill 0\n", "oom 1\noom_kill 1\n", 0)] // a container inside was killed for its own limit
    [InlineData("oom 1\noom_kill 0\n", "oom 1\noom_kill 1\n", 1)] // a container inside was killed for ours
    [InlineData("oom 1\noom_kill 2\n", "oom 1\noom_kill 3\n", 2)]
    public void OomKillCount_Nested_CountsWhatIsOurs(string local, string all, long count)
    {
        _folder.With("memory.events.local", local).With("memory.events", all);
        Assert.Equal(count, OomEvents.KillCount(_folder.Path));
    }
}
