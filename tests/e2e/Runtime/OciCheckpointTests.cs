using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>A container saved to files and brought back, with the machine's criu where it and the kernel go together.</summary>
public sealed class OciCheckpointTests : OciBundleTests
{
    private string Images => Path.Combine(Bundle.Path, "images");

    /// <summary>The log goes with the test's folder, so what failed is told here.</summary>
    private void RequireDumped(CommandResult result)
    {
        var log = Path.Combine(Images, "dump.log");
        var errors = result.ExitCode != 0 && File.Exists(log) ? File.ReadLines(log).Where(line => line.Contains("Error", StringComparison.Ordinal)) : [];
        Assert.True(result.ExitCode == 0, string.Join('\n', [$"exit code {result.ExitCode}: {result.Error}", .. errors]));
    }

    [CriuFact]
    public async Task CheckpointAndRestore_CountingProcess_GoesOnCounting()
    {
        StartCounting();
        await Eventually.TrueAsync(() => Count() > 2);

        RequireDumped(Bundle.Run("checkpoint", "--image-path", Images, Bundle.Id));
        Assert.Contains("does not exist", Bundle.Run("state", Bundle.Id).Error, StringComparison.Ordinal);
        var before = Count();
        Assert.True(before > 2);

        OciBundle.RequireSuccess(Bundle.Run("restore", "--detach", "--image-path", Images, "--bundle", Bundle.Path, Bundle.Id));
        Assert.Equal("running", Bundle.Status());
        await Eventually.TrueAsync(() => Count() > before + 2);
        Assert.Equal("1\n", OciBundle.RequireSuccess(Bundle.Run("exec", Bundle.Id, "sh", "-c", "cat /proc/1/stat | grep -c '^1 (sh)'")).Output);
        Assert.Contains(Bundle.Id, File.ReadAllText($"/proc/{Bundle.State().GetProperty("pid").GetInt32()}/cgroup"), StringComparison.Ordinal);
    }

    [CriuFact]
    public async Task Checkpoint_LeaveRunning_GoesOn()
    {
        StartCounting();
        await Eventually.TrueAsync(() => Count() > 1);

        RequireDumped(Bundle.Run("checkpoint", "--leave-running", "--image-path", Images, Bundle.Id));

        Assert.Equal("running", Bundle.Status());
        var before = Count();
        await Eventually.TrueAsync(() => Count() > before);
    }

    [Fact]
    public void Checkpoint_WithoutCriu_SaysSoAndLeavesTheContainer()
    {
        Bundle.Start("sleep", "100");

        var result = Bundle.Run("--criu", "/nosuch/criu", "checkpoint", "--image-path", Images, Bundle.Id);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("criu is not installed", result.Error, StringComparison.Ordinal);
        Assert.Equal("running", Bundle.Status());
    }

    [Fact]
    public void Restore_WithoutImages_LeavesNothing()
    {
        Bundle.WriteSpec("sleep", "100");

        var result = Bundle.Run("restore", "--detach", "--image-path", Images, "--bundle", Bundle.Path, Bundle.Id);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("failed to restore container", result.Error, StringComparison.Ordinal);
        Assert.Equal("", Bundle.Run("list", "--quiet").Output);
        Assert.True(File.Exists(Bundle.Rootfs("bin", "busybox")));
    }

    [Theory]
    [InlineData("--manage-cgroups-mode", "odd")]
    [InlineData("--empty-ns", "pid")]
    [InlineData("--page-server", "nowhere")]
    [InlineData("--parent-path", "/absolute")]
    public void Checkpoint_WrongFlag_IsNamed(string flag, string value) =>
        Assert.Contains(flag, Bundle.Run("checkpoint", flag, value, Bundle.Id).Error, StringComparison.Ordinal);

    /// <summary>In the root's own file system: what it counts is seen from outside, also while it is not running.</summary>
    private void StartCounting()
    {
        Bundle.Spec = Bundle.Spec with { Root = Bundle.Spec.Root! with { Readonly = false } };
        Directory.CreateDirectory(Bundle.Rootfs("tmp"));
        Bundle.WriteSpec("sh", "-c", "i=0; while true; do i=$((i+1)); echo $i > /count; sleep 0.1; done");

        // All of its stdio is /dev/null: criu cannot save files of the host.
        var script = "exec \"$0\" $4 --root \"$1\" run --detach --bundle \"$2\" \"$3\" </dev/null >/dev/null 2>&1";
        OciBundle.RequireSuccess(Command.Run("sh", "-c", script, Binaries.Runtime, Path.Combine(Bundle.Path, "state"), Bundle.Path, Bundle.Id, OciBundle.UsesSystemd ? "--systemd-cgroup" : ""));
    }

    private int Count() => File.Exists(Bundle.Rootfs("count")) && int.TryParse(File.ReadAllText(Bundle.Rootfs("count")), out var count) ? count : 0;
}
