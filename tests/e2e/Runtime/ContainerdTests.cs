using System.Diagnostics;
using System.Globalization;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>Debian's containerd, through its runc shim, on our runtime.</summary>
public sealed class ContainerdTests : IAsyncLifetime, IDisposable
{
    private const string Image = "localhost/busybox:1";

    private readonly LeakCheck _leaks = new();
    private readonly TempFolder _folder = new("crishim-containerd-");
    private Process? _containerd;

    private string Socket => _folder.Combine("c.sock");

    public async Task InitializeAsync()
    {
        if (Command.Find("containerd") is not { } program || Command.Find("ctr") is null)
        {
            return;
        }

        var config = _folder.Combine("config.toml");
        File.WriteAllText(config, $"""
            version = 2
            root = "{_folder.Combine("root")}"
            state = "{_folder.Combine("state")}"
            disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.devmapper"]
            [grpc]
              address = "{Socket}"
            [ttrpc]
              address = "{_folder.Combine("t.sock")}"
            """);
        _containerd = Process.Start("sh", ["-c", $"exec '{program}' --config '{config}' >'{_folder.Combine("log")}' 2>&1 </dev/null"]);
        await Eventually.TrueAsync(() => Ctr("version").ExitCode == 0);
        ImageBuilder.Busybox().WriteLayout(_folder.Combine("image"), Image);
        Command.Output("tar", "-C", _folder.Combine("image"), "-cf", _folder.Combine("image.tar"), ".");
        Required("images", "import", "--snapshotter", "native", _folder.Combine("image.tar"));
    }

    public void Dispose()
    {
        _containerd?.Dispose();
        _folder.Dispose();
    }

    public async Task DisposeAsync()
    {
        if (_containerd is not null)
        {
            Ctr("task", "rm", "--force", "c1");
            Command.Run("/bin/kill", _containerd.Id.ToString(CultureInfo.InvariantCulture));
            await _containerd.WaitForExitAsync();
        }

        _folder.Dispose();
        await _leaks.AssertCleanAsync();
    }

    [InstalledFact("containerd", "ctr")]
    public async Task Life_OfAContainer_WorksThroughout()
    {
        Run("--detach", "c1", "sh", "-c", "trap 'exit 3' TERM; while true; do sleep 0.1; done");
        Assert.Equal("RUNNING", Status());

        Assert.Equal((5, "in exec\n"), Outcome(Ctr("task", "exec", "--exec-id", "e1", "c1", "sh", "-c", "echo in exec; exit 5")));
        Assert.Contains("/dev/pts/", AtTerminal("task", "exec", "--tty", "--exec-id", "e2", "c1", "/bin/busybox", "tty"), StringComparison.Ordinal);
        Assert.Contains("memory", Required("task", "metrics", "c1"), StringComparison.Ordinal);
        Assert.Equal(3, Required("task", "ps", "c1").Trim().Split('\n').Length);

        Required("task", "pause", "c1");
        Assert.Equal("PAUSED", Status());
        Required("task", "resume", "c1");
        Assert.Equal("RUNNING", Status());

        Required("task", "kill", "--signal", "SIGTERM", "c1");
        await Eventually.TrueAsync(() => Status() == "STOPPED");
        Assert.Contains("exit code 3", Ctr("task", "rm", "c1").Error, StringComparison.Ordinal);
        Required("container", "rm", "c1");
        Assert.DoesNotContain("c1", Required("container", "ls"), StringComparison.Ordinal);
    }

    [InstalledFact("containerd", "ctr")]
    public void Run_InTheForeground_GivesOutputAndExitCode()
    {
        Assert.Equal((7, "hello\n"), Outcome(Run("--rm", "c2", "sh", "-c", "echo hello; exit 7")));
        Assert.Contains("Read-only", Run("--rm", "--read-only", "c3", "touch", "/x").Error, StringComparison.Ordinal);
        Assert.Contains("executable file not found in $PATH", Run("--rm", "c4", "nosuchprogram").Error, StringComparison.Ordinal);
        Assert.Contains("/dev/pts/", AtTerminal([.. RunWords, "--rm", "--tty", Image, "c5", "/bin/busybox", "tty"]), StringComparison.Ordinal);
        if (File.ReadLines("/proc/swaps").Count() > 1)
        {
            return; // ctr limits memory alone: what is too much goes to the machine's swap
        }

        Assert.Equal(137, Run("--rm", "--memory-limit", "20971520", "c6", "dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1").ExitCode);
    }

    /// <remarks>Without a cgroup of its own it would leave its namespace's.</remarks>
    private string[] RunWords =>
    [
        "run", "--snapshotter", "native", "--runc-binary", Binaries.Runtime, "--runc-root", _folder.Combine("runc"),
        "--cgroup", "/crishim-test-" + Path.GetFileName(_folder.Path),
    ];

    private string Status() => Required("task", "ls").Split('\n').Single(line => line.StartsWith("c1 ", StringComparison.Ordinal)).Split(' ')[^1];

    private static (int ExitCode, string Output) Outcome(CommandResult result) => (result.ExitCode, result.Output);

    /// <summary>`run`: flags, the container's name, its program.</summary>
    private CommandResult Run(params string[] words)
    {
        var name = Array.FindIndex(words, word => word.StartsWith('c') && word.Length == 2);
        return Ctr([.. RunWords, .. words[..name], Image, .. words[name..]]);
    }

    private CommandResult Ctr(params string[] words) => Command.Run("ctr", ["--address", Socket, .. words]);

    private string Required(params string[] words) => OciBundle.RequireSuccess(Ctr(words)).Output;

    private string AtTerminal(params string[] words) => OciBundle.RequireSuccess(
        Command.RunAtTerminal($"ctr --address {Socket} {string.Join(' ', words)}")).Output;
}
