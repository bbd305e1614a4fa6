using CriShim.E2e.Fixtures;
using CriShim.Runtime.Contract;
using CriShim.TestKit;

namespace CriShim.E2e.Runtime;

/// <summary>A container whose log cannot be written for a while, or is led astray.</summary>
public sealed class SupervisorLogTests : IDisposable
{
    private readonly TempFolder _disk = new("crishim-disk-");
    private bool _mounted;

    public void Dispose()
    {
        Unmount();
        _disk.Dispose();
    }

    [Fact]
    public async Task Log_DiskFillsUpAndIsFreed_GoesOnWithWholeLines()
    {
        Mount("size=1m");
        const string Script = "seq 1 200000; touch /dev/done; until [ -e /dev/go ]; do sleep 0.02; done; while :; do echo after; sleep 0.02; done";
        using var container = new SupervisedContainer("sh", "-c", Script) { LogPathOverride = _disk.Combine("c", "0.log") };
        File.WriteAllBytes(_disk.Combine("ballast"), new byte[300_000]);
        container.CreateAndStart();
        var problems = Path.Combine(container.Folder, "supervisor.log");
        await Eventually.TrueAsync(() => File.Exists(problems) && File.ReadAllText(problems).Contains("no space left", StringComparison.OrdinalIgnoreCase));
        Assert.Equal("alive\n", container.Exec("echo", "alive").Output);

        // What comes before there is space again must not fill it again.
        await Eventually.TrueAsync(() => container.Exec("ls", "/dev").Output.Contains("done", StringComparison.Ordinal));
        File.Delete(_disk.Combine("ballast"));
        container.Exec("touch", "/dev/go");
        await Eventually.TrueAsync(() => File.ReadAllText(problems).Contains("records again", StringComparison.Ordinal));
        await Eventually.TrueAsync(() => File.ReadAllText(container.LogPath).EndsWith(" after\n", StringComparison.Ordinal));
        container.Ask(new KillRequest(9, All: true));
        container.Await<ExitedEvent>();
        var numbers = container.Log().Where(line => line.Text != "after").Select(line => int.Parse(line.Text, System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.All(container.Log(), line => Assert.Equal("F", line.Tag));
        Assert.Equal(numbers.Distinct().Order(), numbers);
        Assert.InRange(numbers.Count, 100, 199_999);
        container.WaitForSupervisor();
        File.Delete(problems);
    }

    [Fact]
    public async Task Log_DiskIsGone_ContainerAndSupervisorLiveOn()
    {
        Mount("size=1m");
        using var container = new SupervisedContainer("sh", "-c", "while :; do echo line; sleep 0.01; done") { LogPathOverride = _disk.Combine("c", "0.log") };
        container.CreateAndStart();
        await Eventually.TrueAsync(() => File.Exists(container.LogPath) && new FileInfo(container.LogPath).Length > 0);
        Unmount();
        Directory.Delete(_disk.Path);
        File.WriteAllText(_disk.Path, "no folder any more");
        Assert.IsType<ErrorReply>(container.Ask(new ReopenLogRequest()));
        Assert.Equal("alive\n", container.Exec("echo", "alive").Output);
        File.Delete(_disk.Path);
        Directory.CreateDirectory(_disk.Path);
        Assert.IsType<OkReply>(container.Ask(new ReopenLogRequest()));
        await Eventually.TrueAsync(() => new FileInfo(container.LogPath).Length > 0);
        Finish(container, Path.Combine(container.Folder, "supervisor.log"));
    }

    /// <summary>The kubelet renames the old file back after an error: a new one must not be there, and the old one must go on.</summary>
    [Fact]
    public async Task ReopenLog_LinkInTheWay_FailsWithoutANewFileAndTheOldGoesOn()
    {
        using var container = new SupervisedContainer("sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done") { LogPathOverride = _disk.Combine("c", "0.log") };
        container.CreateAndStart();
        await Eventually.TrueAsync(() => File.Exists(container.LogPath) && new FileInfo(container.LogPath).Length > 0);
        File.Move(container.LogPath, container.LogPath + ".1");
        var target = _disk.Combine("target");
        File.CreateSymbolicLink(container.LogPath, target);
        Assert.IsType<ErrorReply>(container.Ask(new ReopenLogRequest()));
        Assert.False(File.Exists(target));
        File.Delete(container.LogPath);
        Assert.Equal(["0.log.1"], Directory.EnumerateFileSystemEntries(_disk.Combine("c")).Select(Path.GetFileName));
        var length = new FileInfo(container.LogPath + ".1").Length;
        await Eventually.TrueAsync(() => new FileInfo(container.LogPath + ".1").Length > length);
        File.Move(container.LogPath + ".1", container.LogPath);
        Finish(container, Path.Combine(container.Folder, "supervisor.log"));
        Assert.Equal(Enumerable.Range(1, container.Log().Count).Select(i => $"{i}"), container.Log().Select(line => line.Text));
    }

    [Fact]
    public void Log_LinkedFolder_ContainerIsNotMade()
    {
        Directory.CreateDirectory(_disk.Combine("elsewhere"));
        Directory.CreateDirectory(_disk.Combine("logs"));
        Directory.CreateSymbolicLink(_disk.Combine("logs", "c"), _disk.Combine("elsewhere"));
        using var container = new SupervisedContainer("true") { LogPathOverride = _disk.Combine("logs", "c", "0.log"), LogFolder = _disk.Combine("logs") };
        Assert.IsType<ErrorReply>(container.Create());
        Assert.Equal(1, container.WaitForSupervisor());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_disk.Combine("elsewhere")));
    }

    /// <summary>The pipes hold 64 KiB each: order between the streams is that of the reads, within a stream that of the writes.</summary>
    [Fact]
    public void Log_BothStreamsAlternate_StayInOrder()
    {
        using var container = new SupervisedContainer("sh", "-c", "for i in $(seq 300); do echo o$i; echo e$i >&2; sleep 0.002; done");
        container.CreateAndStart();
        container.Await<ExitedEvent>();
        var log = container.Log();
        foreach (var (stream, letter) in new[] { ("stdout", "o"), ("stderr", "e") })
        {
            Assert.Equal(Enumerable.Range(1, 300).Select(i => $"{letter}{i}"), log.Where(line => line.Stream == stream).Select(line => line.Text));
        }

        var inOrder = log.Zip(log.Skip(2)).Count(pair => Number(pair.First.Text) < Number(pair.Second.Text));
        Assert.True(inOrder > 500, $"{inOrder} of {log.Count - 2}");
    }

    private static int Number(string text) => int.Parse(text[1..], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Problems are expected here, and are none of the fixture's business.</summary>
    private static void Finish(SupervisedContainer container, string problems)
    {
        container.Ask(new KillRequest(9, All: true));
        container.Await<ExitedEvent>();
        container.WaitForSupervisor();
        File.Delete(problems);
    }

    private void Mount(string options)
    {
        Command.Output("mount", "-t", "tmpfs", "-o", options, "crishim-test", _disk.Path);
        _mounted = true;
    }

    /// <summary>At once, though a file on it is open.</summary>
    private void Unmount()
    {
        if (_mounted)
        {
            Command.Output("umount", "--lazy", _disk.Path);
            _mounted = false;
        }
    }
}
