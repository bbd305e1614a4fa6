using CriShim.E2e.Fixtures;

namespace CriShim.E2e.Runtime;

/// <summary>A container saved to files and brought back, with the machine's criu where it and the kernel go together.</summary>
public sealed class OciCheckpointTests : OciBundleTests
{
    public OciCheckpointTests() => Counting = new CountingContainer(Bundle);

    private CountingContainer Counting { get; }

    private string Images => Path.Combine(Bundle.Path, "images");

    [CriuFact]
    public async Task CheckpointAndRestore_CountingProcess_GoesOnCounting()
    {
        await Counting.StartAsync();

        CountingContainer.RequireDumped(Bundle.Run("checkpoint", "--image-path", Images, Bundle.Id), Images);
        Assert.Contains("does not exist", Bundle.Run("state", Bundle.Id).Error, StringComparison.Ordinal);
        var before = Counting.Count;

        OciBundle.RequireSuccess(Bundle.Run("restore", "--detach", "--image-path", Images, "--bundle", Bundle.Path, Bundle.Id));
        Assert.Equal("running", Bundle.Status());
        await Counting.AwaitAsync(before + 2);
        Assert.Equal("1\n", OciBundle.RequireSuccess(Bundle.Run("exec", Bundle.Id, "sh", "-c", "cat /proc/1/stat | grep -c '^1 (sh)'")).Output);
        Assert.Contains(Bundle.Id, File.ReadAllText($"/proc/{Bundle.State().GetProperty("pid").GetInt32()}/cgroup"), StringComparison.Ordinal);
    }

    [CriuFact]
    public async Task Checkpoint_LeaveRunning_GoesOn()
    {
        await Counting.StartAsync();

        CountingContainer.RequireDumped(Bundle.Run("checkpoint", "--leave-running", "--image-path", Images, Bundle.Id), Images);

        Assert.Equal("running", Bundle.Status());
        await Counting.AwaitAsync(Counting.Count);
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
    [InlineData("--status-fd", "a")]
    public void Checkpoint_WrongFlag_IsNamed(string flag, string value) =>
        Assert.Contains(flag, Bundle.Run("checkpoint", flag, value, Bundle.Id).Error, StringComparison.Ordinal);
}
