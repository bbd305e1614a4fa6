using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>Hooks: when, where and with what they run, and what their failure does (runtime.md, "Lifecycle"; config.md, "POSIX-platform Hooks").</summary>
public sealed class OciHookTests : OciBundleTests
{
    private string Log => Path.Combine(Bundle.Path, "hooks");

    private string[] Lines => File.Exists(Log) ? File.ReadAllLines(Log) : [];

    [Fact]
    public void Run_AllHooks_RunInOrderWithTheState()
    {
        HookSpec Hook(string name) => Shell($"echo {name} $(grep -o '\"status\":\"[a-z]*\"') >> {Log}");
        Bundle.Spec = Bundle.Spec with
        {
            Root = Bundle.Spec.Root! with { Readonly = false },
            Hooks = new HooksSpec
            {
                Prestart = [Hook("prestart"), Hook("second")],
                CreateRuntime = [Hook("createRuntime")],
                CreateContainer = [Hook("createContainer")],
                StartContainer = [Shell("cat > /started")],
                Poststart = [Hook("poststart")],
                Poststop = [Hook("poststop")],
            },
        };

        OciBundle.RequireSuccess(Bundle.RunScript("true"));

        string[] expected =
            ["prestart creating", "second creating", "createRuntime creating", "createContainer creating", "poststart running", "poststop stopped"];
        Assert.Equal(expected, Lines.Select(line => line.Replace("\"status\":", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal)));
        var started = File.ReadAllText(Bundle.Rootfs("started"));
        Assert.Contains("\"status\":\"created\"", started, StringComparison.Ordinal);
        Assert.Contains($"\"id\":\"{Bundle.Id}\"", started, StringComparison.Ordinal);
        Assert.Contains($"\"bundle\":\"{Bundle.Path}\"", started, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Hooks_RunInTheNamespacesTheyBelongTo()
    {
        const string Tell = "echo $(readlink /proc/self/ns/net) $(ls -d /proc/[0-9]* | wc -l)";
        Bundle.Spec = Bundle.Spec with
        {
            Root = Bundle.Spec.Root! with { Readonly = false },
            Hooks = new HooksSpec
            {
                CreateRuntime = [Shell($"{Tell} >> {Log}")],
                CreateContainer = [Shell($"readlink /proc/self/ns/net >> {Log}; ls -d {Bundle.Path} >> {Log}")],
                StartContainer = [Shell("readlink /proc/self/ns/net > /seen; ls -d /bin/busybox >> /seen")],
            },
        };

        var inside = OciBundle.RequireSuccess(Bundle.RunScript("readlink /proc/self/ns/net")).Output.Trim();

        Assert.StartsWith(Command.Output("readlink", "/proc/self/ns/net").Trim(), Lines[0], StringComparison.Ordinal);
        Assert.Equal([inside, Bundle.Path], Lines[1..]);
        Assert.Equal([inside, "/bin/busybox"], File.ReadAllLines(Bundle.Rootfs("seen")));
    }

    [Theory]
    [InlineData("prestart")]
    [InlineData("createRuntime")]
    [InlineData("createContainer")]
    [InlineData("startContainer")]
    [InlineData("poststart")]
    public void Run_FailingHook_FailsTheContainerAndRunsPoststop(string kind)
    {
        Bundle.Spec = Bundle.Spec with { Hooks = Of(kind, Shell("exit 3"), Shell($"echo not reached >> {Log}")) };

        var result = Bundle.RunScript("sleep 30");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"{kind} hook 0", result.Error, StringComparison.Ordinal);
        Assert.Contains("exit code 3", result.Error, StringComparison.Ordinal);
        Assert.Equal(["poststop"], Lines);
        Assert.Equal("", Bundle.Run("list", "--quiet").Output);
    }

    [Fact]
    public void Start_FailingPoststartHook_StopsTheContainer()
    {
        Bundle.Spec = Bundle.Spec with { Hooks = Of("poststart", Shell("exit 3")) };
        Bundle.WriteSpec("sleep", "30");
        OciBundle.RequireSuccess(Bundle.Run("create", "--bundle", Bundle.Path, Bundle.Id));

        Assert.Equal(1, Bundle.Run("start", Bundle.Id).ExitCode);

        Bundle.AwaitStatus("stopped");
    }

    [Fact]
    public void Run_HookOverItsTime_IsKilled()
    {
        Bundle.Spec = Bundle.Spec with { Hooks = Of("createRuntime", Shell("exec sleep 30") with { Timeout = 1 }) };

        Assert.Contains("not done after 1 s", Bundle.RunScript("true").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Delete_FailingPoststopHook_WarnsAndGoesOn()
    {
        Bundle.Spec = Bundle.Spec with { Hooks = new HooksSpec { Poststop = [Shell("exit 3"), Shell($"echo second >> {Log}")] } };

        var result = OciBundle.RequireSuccess(Bundle.RunScript("true"));

        Assert.Contains("level=warning", result.Error, StringComparison.Ordinal);
        Assert.Equal(["second"], Lines);
    }

    private HooksSpec Of(string kind, params HookSpec[] hooks) => new()
    {
        Prestart = kind == "prestart" ? hooks : null,
        CreateRuntime = kind == "createRuntime" ? hooks : null,
        CreateContainer = kind == "createContainer" ? hooks : null,
        StartContainer = kind == "startContainer" ? hooks : null,
        Poststart = kind == "poststart" ? hooks : null,
        Poststop = [Shell($"echo poststop >> {Log}")],
    };

    private static HookSpec Shell(string script) => new() { Path = "/bin/sh", Args = ["sh", "-c", script], Env = ["PATH=/bin:/usr/bin"] };
}
