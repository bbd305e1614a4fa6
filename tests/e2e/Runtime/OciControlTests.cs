using System.Text.Json;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>The commands that look into a running container and change it: ps, pause, resume, update, events.</summary>
public sealed class OciControlTests : IAsyncLifetime, IDisposable
{
    private const string CountScript = "i=0; while true; do i=$((i+1)); echo $i > /count; done";

    private readonly LeakCheck _leaks = new();
    private readonly OciBundle _bundle = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public void Dispose() => _bundle.Dispose();

    public async Task DisposeAsync()
    {
        _bundle.Dispose();
        await _leaks.AssertCleanAsync();
    }

    [Fact]
    public async Task PauseAndResume_BusyContainer_StopsAndGoesOn()
    {
        _bundle.Spec = _bundle.Spec with { Root = _bundle.Spec.Root! with { Readonly = false } };
        _bundle.Start("sh", "-c", CountScript);
        await Eventually.TrueAsync(() => File.Exists(_bundle.Rootfs("count")));
        OciBundle.RequireSuccess(_bundle.Run("pause", _bundle.Id));
        Assert.Equal("paused", _bundle.Status());
        var written = File.GetLastWriteTimeUtc(_bundle.Rootfs("count"));
        await Task.Delay(100);
        Assert.Equal(written, File.GetLastWriteTimeUtc(_bundle.Rootfs("count")));
        Assert.Contains("not stopped", _bundle.Run("delete", _bundle.Id).Error, StringComparison.Ordinal);
        OciBundle.RequireSuccess(_bundle.Run("resume", _bundle.Id));
        Assert.Equal("running", _bundle.Status());
        Assert.Contains("not paused", _bundle.Run("resume", _bundle.Id).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Kill_PausedContainer_EndsIt()
    {
        _bundle.Start("sleep", "100");
        OciBundle.RequireSuccess(_bundle.Run("pause", _bundle.Id));
        OciBundle.RequireSuccess(_bundle.Run("kill", _bundle.Id, "KILL"));
        _bundle.AwaitStatus("stopped");
        Assert.Contains("stopped", _bundle.Run("pause", _bundle.Id).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Ps_TwoProcesses_ListsThemOnly()
    {
        _bundle.Start("sh", "-c", "sleep 100 & wait");
        var pids = JsonSerializer.Deserialize<int[]>(OciBundle.RequireSuccess(_bundle.Run("ps", "--format", "json", _bundle.Id)).Output)!;
        Assert.Equal(2, pids.Length);
        Assert.Contains(_bundle.State().GetProperty("pid").GetInt32(), pids);
        var table = OciBundle.RequireSuccess(_bundle.Run("ps", _bundle.Id)).Output.TrimEnd().Split('\n');
        Assert.Contains("PID", table[0], StringComparison.Ordinal);
        Assert.Equal(3, table.Length);
        Assert.Equal(3, OciBundle.RequireSuccess(_bundle.Run("ps", _bundle.Id, "-eo", "pid,comm")).Output.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public void Update_FlagsAndDocument_AreInTheCgroup()
    {
        _bundle.Start("sleep", "100");
        OciBundle.RequireSuccess(_bundle.Run("update", "--cpu-quota", "30000", "--memory", "64m", "--pids-limit", "77", _bundle.Id));
        Assert.Equal("30000", Setting("cpu.cfs_quota_us", "cpu.max").Split(' ')[0]);
        Assert.Equal("67108864", Setting("memory.limit_in_bytes", "memory.max"));
        Assert.Equal("77", Setting("pids.max", "pids.max"));
        var document = Path.Combine(_bundle.Path, "resources.json");
        File.WriteAllText(document, """{"cpu": {"quota": 40000}, "pids": {"limit": 78}}""");
        OciBundle.RequireSuccess(_bundle.Run("update", "--resources", document, "--pids-limit", "79", _bundle.Id));
        Assert.Equal("40000", Setting("cpu.cfs_quota_us", "cpu.max").Split(' ')[0]);
        Assert.Equal("79", Setting("pids.max", "pids.max"));
    }

    [Theory]
    [InlineData("--cpuset-cpus", "4000", "cpuset.cpus")]
    [InlineData("--memory", "lots", "--memory")]
    [InlineData("--cpu-share", "-5", "--cpu-share")]
    public void Update_Refused_NamesTheSettingAndChangesNothing(string flag, string value, string named)
    {
        _bundle.Start("sleep", "100");
        OciBundle.RequireSuccess(_bundle.Run("update", "--cpu-quota", "30000", _bundle.Id));
        var result = _bundle.Run("update", "--cpu-quota", "50000", flag, value, _bundle.Id);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
        Assert.Equal("30000", Setting("cpu.cfs_quota_us", "cpu.max").Split(' ')[0]);
    }

    [Fact]
    public void Events_Stats_TellsWhatTheCgroupSays()
    {
        _bundle.Start("sleep", "100");
        OciBundle.RequireSuccess(_bundle.Run("update", "--pids-limit", "55", _bundle.Id));
        using var line = JsonDocument.Parse(OciBundle.RequireSuccess(_bundle.Run("events", "--stats", _bundle.Id)).Output);
        Assert.Equal("stats", line.RootElement.GetProperty("type").GetString());
        Assert.Equal(_bundle.Id, line.RootElement.GetProperty("id").GetString());
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
        _bundle.Start("sh", "-c", "sleep 1; x=a; while true; do x=$x$x; done");
        OciBundle.RequireSuccess(_bundle.Run("update", "--memory", "16m", "--memory-swap", "16m", _bundle.Id));
        var events = await Task.Run(() => _bundle.Run("events", "--interval", "300ms", _bundle.Id)).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Contains("\"type\":\"stats\"", events.Output, StringComparison.Ordinal);
        _bundle.AwaitStatus("stopped");
    }

    private string Setting(string v1, string v2)
    {
        var path = _bundle.CgroupFolder;
        var file = File.Exists("/sys/fs/cgroup/cgroup.controllers")
            ? $"/sys/fs/cgroup{path}/{v2}"
            : $"/sys/fs/cgroup/{v1.Split('.')[0]}{path}/{v1}";
        return File.ReadAllText(file).Trim();
    }
}
