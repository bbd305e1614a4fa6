using System.Text.Json;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>The commands that look into a running container and change it: ps, pause, resume, update, events.</summary>
public sealed class OciControlTests : OciBundleTests
{
    private const string CountScript = "i=0; while true; do i=$((i+1)); echo $i > /count; done";


    [Fact]
    public async Task PauseAndResume_BusyContainer_StopsAndGoesOn()
    {
        Bundle.Spec = Bundle.Spec with { Root = Bundle.Spec.Root! with { Readonly = false } };
        Bundle.Start("sh", "-c", CountScript);
        await Eventually.TrueAsync(() => File.Exists(Bundle.Rootfs("count")));
        OciBundle.RequireSuccess(Bundle.Run("pause", Bundle.Id));
        Assert.Equal("paused", Bundle.Status());
        var written = File.GetLastWriteTimeUtc(Bundle.Rootfs("count"));
        await Task.Delay(100);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Bundle.Rootfs("count")));
        Assert.Contains("not stopped", Bundle.Run("delete", Bundle.Id).Error, StringComparison.Ordinal);
        OciBundle.RequireSuccess(Bundle.Run("resume", Bundle.Id));
        Assert.Equal("running", Bundle.Status());
        Assert.Contains("not paused", Bundle.Run("resume", Bundle.Id).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Kill_PausedContainer_EndsIt()
    {
        Bundle.Start("sleep", "100");
        OciBundle.RequireSuccess(Bundle.Run("pause", Bundle.Id));
        OciBundle.RequireSuccess(Bundle.Run("kill", Bundle.Id, "KILL"));
        Bundle.AwaitStatus("stopped");
        Assert.Contains("stopped", Bundle.Run("pause", Bundle.Id).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Ps_TwoProcesses_ListsThemOnly()
    {
        Bundle.Start("sh", "-c", "sleep 100 & wait");
        var pids = JsonSerializer.Deserialize<int[]>(OciBundle.RequireSuccess(Bundle.Run("ps", "--format", "json", Bundle.Id)).Output)!;
        Assert.Equal(2, pids.Length);
        Assert.Contains(Bundle.State().GetProperty("pid").GetInt32(), pids);
        var table = OciBundle.RequireSuccess(Bundle.Run("ps", Bundle.Id)).Output.TrimEnd().Split('\n');
        Assert.Contains("PID", table[0], StringComparison.Ordinal);
        Assert.Equal(3, table.Length);
        Assert.Equal(3, OciBundle.RequireSuccess(Bundle.Run("ps", Bundle.Id, "-eo", "pid,comm")).Output.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public void Update_FlagsAndDocument_AreInTheCgroup()
    {
        Bundle.Start("sleep", "100");
        OciBundle.RequireSuccess(Bundle.Run("update", "--cpu-quota", "30000", "--memory", "64m", "--pids-limit", "77", Bundle.Id));
        Assert.Equal("30000", Setting("cpu.cfs_quota_us", "cpu.max").Split(' ')[0]);
        Assert.Equal("67108864", Setting("memory.limit_in_bytes", "memory.max"));
        Assert.Equal("77", Setting("pids.max", "pids.max"));
        var document = Path.Combine(Bundle.Path, "resources.json");
        File.WriteAllText(document, """{"cpu": {"quota": 40000}, "pids": {"limit": 78}}""");
        OciBundle.RequireSuccess(Bundle.Run("update", "--resources", document, "--pids-limit", "79", Bundle.Id));
        Assert.Equal("40000", Setting("cpu.cfs_quota_us", "cpu.max").Split(' ')[0]);
        Assert.Equal("79", Setting("pids.max", "pids.max"));
    }

    [Theory]
    [InlineData("--cpuset-cpus", "4000", "cpuset.cpus")]
    [InlineData("--memory", "lots", "--memory")]
    [InlineData("--cpu-share", "-5", "--cpu-share")]
    [InlineData("--l3-cache-schema", "L3:0=f", "linux.intelRdt")]
    public void Update_Refused_NamesTheSettingAndChangesNothing(string flag, string value, string named)
    {
        Bundle.Start("sleep", "100");
        OciBundle.RequireSuccess(Bundle.Run("update", "--cpu-quota", "30000", Bundle.Id));
        var result = Bundle.Run("update", "--cpu-quota", "50000", flag, value, Bundle.Id);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
        Assert.Equal("30000", Setting("cpu.cfs_quota_us", "cpu.max").Split(' ')[0]);
    }

    [Fact]
    public void Events_Stats_TellsWhatTheCgroupSays()
    {
        Bundle.Start("sleep", "100");
        OciBundle.RequireSuccess(Bundle.Run("update", "--pids-limit", "55", Bundle.Id));
        using var line = JsonDocument.Parse(OciBundle.RequireSuccess(Bundle.Run("events", "--stats", Bundle.Id)).Output);
        Assert.Equal("stats", line.RootElement.GetProperty("type").GetString());
        Assert.Equal(Bundle.Id, line.RootElement.GetProperty("id").GetString());
        var data = line.RootElement.GetProperty("data");
        Assert.Equal(1, data.GetProperty("pids").GetProperty("current").GetInt32());
        Assert.Equal(55, data.GetProperty("pids").GetProperty("limit").GetInt32());
        Assert.True(data.GetProperty("cpu").GetProperty("usage").GetProperty("total").GetUInt64() > 0);
        Assert.True(data.GetProperty("memory").GetProperty("usage").GetProperty("usage").GetUInt64() > 0);
        Assert.NotEmpty(data.GetProperty("memory").GetProperty("raw").EnumerateObject());
        string[] members = ["cpu", "cpuset", "memory", "pids", "blkio", "hugetlb", "intel_rdt", "network_interfaces"];
        Assert.Equal(members, data.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task Events_UntilTheEnd_TellsOfStatsAndOutOfMemory()
    {
        Bundle.Start("sh", "-c", "sleep 1; x=a; while true; do x=$x$x; done");
        OciBundle.RequireSuccess(Bundle.Run("update", "--memory", "16m", "--memory-swap", "16m", Bundle.Id));
        var events = await Task.Run(() => Bundle.Run("events", "--interval", "300ms", Bundle.Id)).WaitAsync(Patience.Seconds(30));
        Assert.Contains("\"type\":\"stats\"", events.Output, StringComparison.Ordinal);
        Bundle.AwaitStatus("stopped");
    }

    private string Setting(string v1, string v2)
    {
        var path = Bundle.CgroupFolder;
        var file = File.Exists("/sys/fs/cgroup/cgroup.controllers")
            ? $"/sys/fs/cgroup{path}/{v2}"
            : $"/sys/fs/cgroup/{v1.Split('.')[0]}{path}/{v1}";
        return File.ReadAllText(file).Trim();
    }
}
