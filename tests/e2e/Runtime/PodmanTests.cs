using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>Debian's podman, with conmon, on our runtime.</summary>
public sealed class PodmanTests : IAsyncLifetime, IDisposable
{
    private const string Image = "localhost/busybox:1";
    private const string CgroupParent = "/crishim-podman-test";

    private readonly LeakCheck _leaks = new();
    private readonly TempFolder _folder = new("crishim-podman-");

    private string Archive => _folder.Combine("image.tar");

    public Task InitializeAsync()
    {
        ImageBuilder.Busybox().WriteLayout(_folder.Combine("image"), Image);
        Command.Output("tar", "-C", _folder.Combine("image"), "-cf", Archive, ".");
        return Task.CompletedTask;
    }

    public void Dispose() => _folder.Dispose();

    public async Task DisposeAsync()
    {
        if (Command.Find("podman") is not null)
        {
            Podman("rm", "--all", "--force", "--time", "0");
            Command.Run("find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", $"*{CgroupParent}*", "-delete");
        }

        _folder.Dispose();
        await _leaks.AssertCleanAsync();
    }

    [InstalledFact("podman", "conmon")]
    public async Task Life_OfAContainer_WorksThroughout()
    {
        Required("load", "--quiet", "--input", Archive);
        const string Waiting = "trap 'echo ended; exit 3' TERM; sleep 1000 & echo started; wait"; // podman's top fails when a process ends under it
        Required("run", "--detach", "--name", "c1", "--network", "none", "--cgroup-parent", CgroupParent, Image, "sh", "-c", Waiting);
        await Eventually.TrueAsync(() => Podman("logs", "c1").Output == "started\n");

        Assert.Equal("in exec", Required("exec", "--env", "A=exec", "c1", "sh", "-c", "echo in $A"));
        Assert.Equal(5, Podman("exec", "c1", "sh", "-c", "exit 5").ExitCode);
        Assert.Contains("/dev/pts/", AtTerminal("exec", "--interactive", "--tty", "c1", "/bin/busybox", "tty"), StringComparison.Ordinal);
        Assert.Contains("c1", Required("stats", "--no-stream", "c1"), StringComparison.Ordinal);
        Assert.Contains("sleep", Required("top", "c1"), StringComparison.Ordinal);

        Required("pause", "c1");
        Assert.Equal("paused", Status());
        Required("unpause", "c1");
        Assert.Equal("running", Status());

        Required("update", "--memory", "64m", "c1");
        Required("stop", "--time", "10", "c1");
        Assert.Equal("exited 3", Required("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", "c1"));
        Assert.Equal("started\nended", Required("logs", "c1"));
        Required("rm", "c1");
        Assert.Equal("", Required("ps", "--all", "--quiet"));
    }

    [InstalledFact("podman", "conmon")]
    public void Run_InTheForeground_GivesOutputAndExitCode()
    {
        Required("load", "--quiet", "--input", Archive);
        string[] run = ["run", "--rm", "--network", "none", "--cgroup-parent", CgroupParent];

        var result = Podman([.. run, "--read-only", "--user", "1000", "--hostname", "podman", Image, "sh", "-c", "id -u; hostname; touch /x; exit 4"]);
        Assert.Equal((4, "1000\npodman\n"), (result.ExitCode, result.Output));
        Assert.Contains("Read-only", result.Error, StringComparison.Ordinal);
        Assert.Contains("/dev/pts/", AtTerminal([.. run, "--interactive", "--tty", Image, "/bin/busybox", "tty"]), StringComparison.Ordinal);
        Assert.Equal(127, Podman([.. run, Image, "nosuchprogram"]).ExitCode);
        Assert.Equal("", Required("ps", "--all", "--quiet"));
    }

    private string Status() => Required("inspect", "--format", "{{.State.Status}}", "c1");

    private string[] Words(string[] words) =>
    [
        "--root", _folder.Combine("root"), "--runroot", _folder.Combine("run"), "--tmpdir", _folder.Combine("tmp"), "--storage-driver", "vfs",
        "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", Binaries.Runtime, .. words,
    ];

    private CommandResult Podman(params string[] words) => Command.Run("podman", Words(words));

    private string Required(params string[] words) => OciBundle.RequireSuccess(Podman(words)).Output.Trim();

    private string AtTerminal(params string[] words) =>
        OciBundle.RequireSuccess(Command.RunAtTerminal("podman " + string.Join(' ', Words(words)))).Output;
}
