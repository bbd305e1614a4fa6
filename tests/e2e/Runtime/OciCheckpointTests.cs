using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>A container saved to files and brought back, with the machine's criu where it and the kernel go together.</summary>
public sealed class OciCheckpointTests : IAsyncLifetime, IDisposable
{
    private readonly LeakCheck _leaks = new();
    private readonly OciBundle _bundle = new();

    private string Images => Path.Combine(_bundle.Path, "images");

    public Task InitializeAsync() => Task.CompletedTask;

    public void Dispose() => _bundle.Dispose();

    public async Task DisposeAsync()
    {
        _bundle.Dispose();
        await _leaks.AssertCleanAsync();
    }

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

        RequireDumped(_bundle.Run("checkpoint", "--image-path", Images, _bundle.Id));
        Assert.Contains("does not exist", _bundle.Run("state", _bundle.Id).Error, StringComparison.Ordinal);
        var before = Count();
        Assert.True(before > 2);

        OciBundle.RequireSuccess(_bundle.Run("restore", "--detach", "--image-path", Images, "--bundle", _bundle.Path, _bundle.Id));
        Assert.Equal("running", _bundle.Status());
        await Eventually.TrueAsync(() => Count() > before + 2);
        Assert.Equal("1\n", OciBundle.RequireSuccess(_bundle.Run("exec", _bundle.Id, "sh", "-c", "cat /proc/1/stat | grep -c '^1 (sh)'")).Output);
        Assert.Contains(_bundle.Id, File.ReadAllText($"/proc/{_bundle.State().GetProperty("pid").GetInt32()}/cgroup"), StringComparison.Ordinal);
    }

    [CriuFact]
    public async Task Checkpoint_LeaveRunning_GoesOn()
    {
        StartCounting();
        await Eventually.TrueAsync(() => Count() > 1);

        RequireDumped(_bundle.Run("checkpoint", "--leave-running", "--image-path", Images, _bundle.Id));

        Assert.Equal("running", _bundle.Status());
        var before = Count();
        await Eventually.TrueAsync(() => Count() > before);
    }

    [Fact]
    public void Checkpoint_WithoutCriu_SaysSoAndLeavesTheContainer()
    {
        _bundle.Start("sleep", "100");

        var result = _bundle.Run("--criu", "/nosuch/criu", "checkpoint", "--image-path", Images, _bundle.Id);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("criu is not installed", result.Error, StringComparison.Ordinal);
        Assert.Equal("running", _bundle.Status());
    }

    [Fact]
    public void Restore_WithoutImages_LeavesNothing()
    {
        _bundle.WriteSpec("sleep", "100");

        var result = _bundle.Run("restore", "--detach", "--image-path", Images, "--bundle", _bundle.Path, _bundle.Id);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("failed to restore container", result.Error, StringComparison.Ordinal);
        Assert.Equal("", _bundle.Run("list", "--quiet").Output);
        Assert.True(File.Exists(_bundle.Rootfs("bin", "busybox")));
    }

    [Theory]
    [InlineData("--manage-cgroups-mode", "odd")]
    [InlineData("--empty-ns", "pid")]
    [InlineData("--page-server", "nowhere")]
    [InlineData("--parent-path", "/absolute")]
    public void Checkpoint_WrongFlag_IsNamed(string flag, string value) =>
        Assert.Contains(flag, _bundle.Run("checkpoint", flag, value, _bundle.Id).Error, StringComparison.Ordinal);

    /// <summary>In the root's own file system: what it counts is seen from outside, also while it is not running.</summary>
    private void StartCounting()
    {
        _bundle.Spec = _bundle.Spec with { Root = _bundle.Spec.Root! with { Readonly = false } };
        Directory.CreateDirectory(_bundle.Rootfs("tmp"));
        _bundle.WriteSpec("sh", "-c", "i=0; while true; do i=$((i+1)); echo $i > /count; sleep 0.1; done");

        // All of its stdio is /dev/null: criu cannot save files of the host.
        var script = "exec \"$0\" --root \"$1\" run --detach --bundle \"$2\" \"$3\" </dev/null >/dev/null 2>&1";
        OciBundle.RequireSuccess(Command.Run("sh", "-c", script, Binaries.Runtime, Path.Combine(_bundle.Path, "state"), _bundle.Path, _bundle.Id));
    }

    private int Count() => File.Exists(_bundle.Rootfs("count")) && int.TryParse(File.ReadAllText(_bundle.Rootfs("count")), out var count) ? count : 0;
}
