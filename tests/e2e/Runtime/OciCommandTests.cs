using System.Text.Json;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>The published runtime as other engines use it: the OCI command line on a bundle.</summary>
public sealed class OciCommandTests : OciBundleTests
{
    [Fact]
    public void Life_CreateStartKillDelete_PassesThroughTheStates()
    {
        Bundle.WriteSpec("sleep", "100");
        OciBundle.RequireSuccess(Bundle.Run("create", "--bundle", Bundle.Path, "--pid-file", Path.Combine(Bundle.Path, "pid"), Bundle.Id));
        Assert.Equal("created", Bundle.Status());
        Assert.Equal(File.ReadAllText(Path.Combine(Bundle.Path, "pid")), Bundle.State().GetProperty("pid").GetRawText());
        OciBundle.RequireSuccess(Bundle.Run("start", Bundle.Id));
        Assert.Equal("running", Bundle.Status());
        Assert.Equal(1, Bundle.Run("start", Bundle.Id).ExitCode);
        Assert.Equal(1, Bundle.Run("delete", Bundle.Id).ExitCode);
        OciBundle.RequireSuccess(Bundle.Run("kill", Bundle.Id, "0"));
        OciBundle.RequireSuccess(Bundle.Run("kill", Bundle.Id, "KILL"));
        Bundle.AwaitStatus("stopped");
        Assert.Equal(1, Bundle.Run("kill", Bundle.Id, "TERM").ExitCode);
        Assert.Equal(1, Bundle.Run("kill", Bundle.Id, "0").ExitCode);
        OciBundle.RequireSuccess(Bundle.Run("delete", Bundle.Id));
        Assert.Contains("does not exist", Bundle.Run("state", Bundle.Id).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Life_OfAnIdOfManyLetters_IsAsAnyOther()
    {
        var id = new string('i', 200);
        Bundle.WriteSpec("true");
        Assert.Contains("invalid container id", Bundle.Run("create", "--bundle", Bundle.Path, id + "i").Error, StringComparison.Ordinal);
        OciBundle.RequireSuccess(Bundle.Run("create", "--bundle", Bundle.Path, id));
        OciBundle.RequireSuccess(Bundle.Run("start", id));
        OciBundle.RequireSuccess(Bundle.Run("delete", "--force", id));
    }

    [Fact]
    public async Task Start_TwiceAtOnce_IsDoneByOne()
    {
        Bundle.WriteSpec("sleep", "100");
        OciBundle.RequireSuccess(Bundle.Run("create", "--bundle", Bundle.Path, Bundle.Id));

        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Bundle.Run("start", Bundle.Id))));

        Assert.Single(results, result => result.ExitCode == 0);
        Assert.Equal("running", Bundle.Status());
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("sh -c 'kill -9 $$'; exit $?", 137)]
    [InlineData("true", 0)]
    public void Run_Program_ReturnsItsExitCode(string script, int code) => Assert.Equal(code, Bundle.RunScript(script).ExitCode);

    [Theory]
    [InlineData("nosuch", "executable file not found in $PATH")]
    [InlineData("/nosuch", "stat /nosuch: no such file or directory")]
    [InlineData("/bin", "permission denied")]
    public void Run_NoSuchProgram_SaysSo(string program, string message)
    {
        Bundle.WriteSpec(program);

        var result = Bundle.Run("run", "--bundle", Bundle.Path, Bundle.Id);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Equal("", Bundle.Run("list", "--quiet").Output);
    }

    [Fact]
    public void Run_MemoryLimitTooLow_SaysSo()
    {
        Bundle.Spec = Bundle.Spec with { Linux = Bundle.Spec.Linux! with { Resources = new ResourcesSpec { Memory = new MemorySpec { Limit = 4096 } } } };

        Assert.Contains("its memory limit is too low", Bundle.RunScript("true").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void RunAndExec_UnknownCapability_IsWarnedOf()
    {
        Bundle.Spec = Bundle.Spec with { Process = Bundle.Spec.Process! with { Capabilities = new CapabilitiesSpec { Bounding = ["CAP_CHOWN", "CAP_NONE"] } } };
        Bundle.WriteSpec("sleep", "100");
        Assert.Contains("CAP_NONE", OciBundle.RequireSuccess(Bundle.Run("run", "--detach", "--bundle", Bundle.Path, Bundle.Id)).Error, StringComparison.Ordinal);
        var exec = OciBundle.RequireSuccess(Bundle.Run("exec", "--cap", "CAP_SUCH", Bundle.Id, "true"));
        Assert.Contains("CAP_NONE, CAP_SUCH", exec.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("CAP_CHOWN", exec.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_SameIdTwice_IsRefused()
    {
        Bundle.Start("sleep", "100");

        var again = Bundle.Run("create", "--bundle", Bundle.Path, Bundle.Id);

        Assert.Contains("exists", again.Error, StringComparison.Ordinal);
        Assert.Equal("running", Bundle.Status());
    }

    [Fact]
    public void Delete_Created_EndsTheInit()
    {
        Bundle.WriteSpec("sleep", "100");
        OciBundle.RequireSuccess(Bundle.Run("create", "--bundle", Bundle.Path, Bundle.Id));
        var pid = Bundle.State().GetProperty("pid").GetInt32();

        OciBundle.RequireSuccess(Bundle.Run("delete", Bundle.Id));

        Assert.False(ProcStat.Read(pid)?.IsAlive ?? false);
    }

    [Fact]
    public void Delete_ForceOfNothing_Succeeds() => OciBundle.RequireSuccess(Bundle.Run("delete", "--force", "nothing"));

    [Fact]
    public void Exec_InRunningContainer_SharesItsNamespacesAndLimits()
    {
        Bundle.Start("sleep", "100");

        var result = OciBundle.RequireSuccess(Bundle.Run(
            "exec", Bundle.Id, "sh", "-c", "for n in mnt pid net ipc uts cgroup; do test \"$(readlink /proc/1/ns/$n)\" = \"$(readlink /proc/self/ns/$n)\" || echo $n; done; grep -E 'CapEff|CapBnd|NoNewPrivs|SigIgn' /proc/1/status > /a; grep -E 'CapEff|CapBnd|NoNewPrivs|SigIgn' /proc/self/status; cat /proc/self/cgroup | wc -l"));

        Assert.DoesNotContain("mnt\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("CapBnd:\t0000000020000420", result.Output, StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t1", result.Output, StringComparison.Ordinal);
        Assert.Contains("SigIgn:\t0000000000000000", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Exec_WithFlags_ChangesTheProcess()
    {
        Bundle.Start("sleep", "100");

        var result = OciBundle.RequireSuccess(Bundle.Run(
            "exec", "--user", "1000:1001", "--additional-gids", "1002", "--cwd", "/bin", "--env", "A=b", Bundle.Id, "sh", "-c", "id; pwd; echo $A"));

        Assert.Equal("uid=1000 gid=1001 groups=1002\n/bin\nb\n", result.Output);
    }

    [Theory]
    [InlineData("exit 5", 5)]
    [InlineData("kill -15 $$", 143)]
    public void Exec_Program_ReturnsItsExitCode(string script, int code)
    {
        Bundle.Start("sleep", "100");

        Assert.Equal(code, Bundle.Run("exec", Bundle.Id, "sh", "-c", script).ExitCode);
    }

    [Fact]
    public void Exec_NoSuchProgram_Is255()
    {
        Bundle.Start("sleep", "100");

        var result = Bundle.Run("exec", Bundle.Id, "nosuch");

        Assert.Equal(255, result.ExitCode);
        Assert.Contains("executable file not found in $PATH", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Exec_InStoppedContainer_IsRefused()
    {
        Bundle.Start("true");
        Bundle.AwaitStatus("stopped");

        Assert.Contains("stopped", Bundle.Run("exec", Bundle.Id, "true").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Detached_ComesBackWhileItRuns()
    {
        Bundle.WriteSpec("sleep", "100");

        OciBundle.RequireSuccess(Bundle.Run("run", "--detach", "--bundle", Bundle.Path, Bundle.Id));

        Assert.Equal("running", Bundle.Status());
    }

    [Fact]
    public void Run_Signalled_PassesTheSignalOn()
    {
        // timeout(1) signals the runtime, not the container's process.
        Bundle.WriteSpec("sh", "-c", "trap 'exit 3' TERM; echo ready; while true; do sleep 0.05; done");

        var limit = $"{Patience.Seconds(1).TotalSeconds}";
        var result = Command.Run(
            "timeout", ["--preserve-status", limit, Binaries.Runtime, .. Bundle.Flags, "run", "--bundle", Bundle.Path, Bundle.Id]);

        Assert.Equal((3, "ready\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public void List_Json_HasTheContainer()
    {
        Bundle.Start("sleep", "100");

        using var document = JsonDocument.Parse(Bundle.Run("list", "--format", "json").Output);

        var container = Assert.Single(document.RootElement.EnumerateArray());
        Assert.Equal((Bundle.Id, "running"), (container.GetProperty("id").GetString(), container.GetProperty("status").GetString()));
        Assert.Contains(Bundle.Id, Bundle.Run("list").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Log_Json_CarriesTheMessage()
    {
        var log = Path.Combine(Bundle.Path, "log");

        Assert.Equal(1, Bundle.Run("--log", log, "--log-format", "json", "state", "nothing").ExitCode);

        using var line = JsonDocument.Parse(File.ReadAllText(log));
        Assert.Equal("container \"nothing\" does not exist", line.RootElement.GetProperty("msg").GetString());
    }

    [Fact]
    public void Features_Always_IsJson()
    {
        using var document = JsonDocument.Parse(Bundle.Run("features").Output);
        Assert.True(document.RootElement.GetProperty("linux").GetProperty("intelRdt").GetProperty("monitoring").GetBoolean());

        Assert.Contains("rbind", document.RootElement.GetProperty("mountOptions").EnumerateArray().Select(word => word.GetString()));
    }

    [Theory]
    [InlineData(3, "nosuchcommand")]
    [InlineData(1, "--nonsense", "list")]
    [InlineData(1, "--log-format", "xml", "list")]
    [InlineData(1, "state")]
    [InlineData(1, "list", "--format", "xml")]
    [InlineData(1, "create", "--preserve-fds", "9", "a")]
    [InlineData(1, "create", "--preserve-fds", "1", "a")]
    [InlineData(255, "exec", "nosuchcontainer", "true")]
    [InlineData(255, "exec")]
    public void Command_Wrong_EndsWithTheCodeOfRunc(int code, params string[] words)
    {
        var result = Bundle.Run(words);

        Assert.Equal(code, result.ExitCode);
        Assert.NotEqual("", result.Error);
    }
}
