using System.Text.Json;
using CriShim.Linux;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>The published runtime as other engines use it: the OCI command line on a bundle.</summary>
public sealed class OciCommandTests : IAsyncLifetime, IDisposable
{
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
    public void Life_CreateStartKillDelete_PassesThroughTheStates()
    {
        _bundle.WriteSpec("sleep", "100");
        OciBundle.RequireSuccess(_bundle.Run("create", "--bundle", _bundle.Path, "--pid-file", Path.Combine(_bundle.Path, "pid"), _bundle.Id));
        Assert.Equal("created", _bundle.Status());
        Assert.Equal(File.ReadAllText(Path.Combine(_bundle.Path, "pid")), _bundle.State().GetProperty("pid").GetRawText());
        OciBundle.RequireSuccess(_bundle.Run("start", _bundle.Id));
        Assert.Equal("running", _bundle.Status());
        Assert.Equal(1, _bundle.Run("start", _bundle.Id).ExitCode);
        Assert.Equal(1, _bundle.Run("delete", _bundle.Id).ExitCode);
        OciBundle.RequireSuccess(_bundle.Run("kill", _bundle.Id, "KILL"));
        _bundle.AwaitStatus("stopped");
        Assert.Equal(1, _bundle.Run("kill", _bundle.Id, "TERM").ExitCode);
        OciBundle.RequireSuccess(_bundle.Run("delete", _bundle.Id));
        Assert.Contains("does not exist", _bundle.Run("state", _bundle.Id).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("sh -c 'kill -9 $$'; exit $?", 137)]
    [InlineData("true", 0)]
    public void Run_Program_ReturnsItsExitCode(string script, int code) => Assert.Equal(code, _bundle.RunScript(script).ExitCode);

    [Theory]
    [InlineData("nosuch", "executable file not found in $PATH")]
    [InlineData("/nosuch", "stat /nosuch: no such file or directory")]
    [InlineData("/bin", "permission denied")]
    public void Run_NoSuchProgram_SaysSo(string program, string message)
    {
        _bundle.WriteSpec(program);

        var result = _bundle.Run("run", "--bundle", _bundle.Path, _bundle.Id);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Equal("", _bundle.Run("list", "--quiet").Output);
    }

    [Fact]
    public void Create_SameIdTwice_IsRefused()
    {
        _bundle.Start("sleep", "100");

        var again = _bundle.Run("create", "--bundle", _bundle.Path, _bundle.Id);

        Assert.Contains("exists", again.Error, StringComparison.Ordinal);
        Assert.Equal("running", _bundle.Status());
    }

    [Fact]
    public void Delete_Created_EndsTheInit()
    {
        _bundle.WriteSpec("sleep", "100");
        OciBundle.RequireSuccess(_bundle.Run("create", "--bundle", _bundle.Path, _bundle.Id));
        var pid = _bundle.State().GetProperty("pid").GetInt32();

        OciBundle.RequireSuccess(_bundle.Run("delete", _bundle.Id));

        Assert.False(ProcStat.Read(pid)?.IsAlive ?? false);
    }

    [Fact]
    public void Delete_ForceOfNothing_Succeeds() => OciBundle.RequireSuccess(_bundle.Run("delete", "--force", "nothing"));

    [Fact]
    public void Exec_InRunningContainer_SharesItsNamespacesAndLimits()
    {
        _bundle.Start("sleep", "100");

        var result = OciBundle.RequireSuccess(_bundle.Run(
            "exec", _bundle.Id, "sh", "-c", "for n in mnt pid net ipc uts cgroup; do test \"$(readlink /proc/1/ns/$n)\" = \"$(readlink /proc/self/ns/$n)\" || echo $n; done; grep -E 'CapEff|CapBnd|NoNewPrivs|SigIgn' /proc/1/status > /a; grep -E 'CapEff|CapBnd|NoNewPrivs|SigIgn' /proc/self/status; cat /proc/self/cgroup | wc -l"));

        Assert.DoesNotContain("mnt\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("CapBnd:\t0000000020000420", result.Output, StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t1", result.Output, StringComparison.Ordinal);
        Assert.Contains("SigIgn:\t0000000000000000", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Exec_WithFlags_ChangesTheProcess()
    {
        _bundle.Start("sleep", "100");

        var result = OciBundle.RequireSuccess(_bundle.Run(
            "exec", "--user", "1000:1001", "--additional-gids", "1002", "--cwd", "/bin", "--env", "A=b", _bundle.Id, "sh", "-c", "id; pwd; echo $A"));

        Assert.Equal("uid=1000 gid=1001 groups=1002\n/bin\nb\n", result.Output);
    }

    [Theory]
    [InlineData("exit 5", 5)]
    [InlineData("kill -15 $$", 143)]
    public void Exec_Program_ReturnsItsExitCode(string script, int code)
    {
        _bundle.Start("sleep", "100");

        Assert.Equal(code, _bundle.Run("exec", _bundle.Id, "sh", "-c", script).ExitCode);
    }

    [Fact]
    public void Exec_NoSuchProgram_Is255()
    {
        _bundle.Start("sleep", "100");

        var result = _bundle.Run("exec", _bundle.Id, "nosuch");

        Assert.Equal(255, result.ExitCode);
        Assert.Contains("executable file not found in $PATH", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Exec_InStoppedContainer_IsRefused()
    {
        _bundle.Start("true");
        _bundle.AwaitStatus("stopped");

        Assert.Contains("stopped", _bundle.Run("exec", _bundle.Id, "true").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Detached_ComesBackWhileItRuns()
    {
        _bundle.WriteSpec("sleep", "100");

        OciBundle.RequireSuccess(_bundle.Run("run", "--detach", "--bundle", _bundle.Path, _bundle.Id));

        Assert.Equal("running", _bundle.Status());
    }

    [Fact]
    public void Run_Signalled_PassesTheSignalOn()
    {
        // timeout(1) signals the runtime, not the container's process.
        _bundle.WriteSpec("sh", "-c", "trap 'exit 3' TERM; echo ready; while true; do sleep 0.05; done");

        var result = Command.Run(
            "timeout", "--preserve-status", "1", Binaries.Runtime, "--root", Path.Combine(_bundle.Path, "state"), "run", "--bundle", _bundle.Path, _bundle.Id);

        Assert.Equal((3, "ready\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public void List_Json_HasTheContainer()
    {
        _bundle.Start("sleep", "100");

        using var document = JsonDocument.Parse(_bundle.Run("list", "--format", "json").Output);

        var container = Assert.Single(document.RootElement.EnumerateArray());
        Assert.Equal((_bundle.Id, "running"), (container.GetProperty("id").GetString(), container.GetProperty("status").GetString()));
        Assert.Contains(_bundle.Id, _bundle.Run("list").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Log_Json_CarriesTheMessage()
    {
        var log = Path.Combine(_bundle.Path, "log");

        Assert.Equal(1, _bundle.Run("--log", log, "--log-format", "json", "state", "nothing").ExitCode);

        using var line = JsonDocument.Parse(File.ReadAllText(log));
        Assert.Equal("container \"nothing\" does not exist", line.RootElement.GetProperty("msg").GetString());
    }

    [Fact]
    public void Features_Always_IsJson()
    {
        using var document = JsonDocument.Parse(_bundle.Run("features").Output);

        Assert.Contains("rbind", document.RootElement.GetProperty("mountOptions").EnumerateArray().Select(word => word.GetString()));
    }

    [Theory]
    [InlineData(3, "nosuchcommand")]
    [InlineData(1, "--nonsense", "list")]
    [InlineData(1, "--log-format", "xml", "list")]
    [InlineData(1, "state")]
    [InlineData(1, "list", "--format", "xml")]
    [InlineData(1, "create", "--preserve-fds", "9", "a")]
    [InlineData(255, "exec", "nosuchcontainer", "true")]
    [InlineData(255, "exec")]
    public void Command_Wrong_EndsWithTheCodeOfRunc(int code, params string[] words)
    {
        var result = _bundle.Run(words);

        Assert.Equal(code, result.ExitCode);
        Assert.NotEqual("", result.Error);
    }
}
