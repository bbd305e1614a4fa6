using System.Text.RegularExpressions;
using CriShim.Cri.V1;
using CriShim.E2e.Fixtures;

namespace CriShim.E2e.Logs;

public sealed partial class ContainerLogTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    [Fact]
    public async Task Log_BothStreams_AreCriLines()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "/bin/sh", "-c", "echo out; echo err >&2; printf tail");
        await fixture.WaitForExitAsync(pod.Container);
        var lines = await File.ReadAllLinesAsync(pod.LogPath());
        Assert.All(lines, line => Assert.Matches(CriLine(), line));
        Assert.Contains(lines, line => line.EndsWith(" stdout F out", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith(" stderr F err", StringComparison.Ordinal));
        Assert.EndsWith(" tail", lines[^1], StringComparison.Ordinal);
        Assert.Equal((await fixture.StatusAsync(pod.Container)).LogPath, pod.LogPath());
    }

    [Fact]
    public async Task Log_LongLine_IsSplitAt16KiBAndJoinsToTheSame()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "/bin/sh", "-c", "head -c 40000 /dev/zero | tr '\\0' x; echo");
        await fixture.WaitForExitAsync(pod.Container);
        var parts = (await File.ReadAllLinesAsync(pod.LogPath())).Select(line => line.Split(' ', 4)).ToList();
        Assert.Equal(["P", "P", "F"], parts.Select(part => part[2]));
        Assert.Equal(16384, parts[0][3].Length);
        Assert.Equal(40000, parts.Sum(part => part[3].Length));
    }

    [Fact]
    public async Task Log_ManyLines_NoneIsLost()
    {
        const int Count = 200_000;
        await using var pod = await fixture.RunAsync(fixture.Pod(), "seq", "1", $"{Count}");
        await fixture.WaitForExitAsync(pod.Container);
        var numbers = File.ReadLines(pod.LogPath()).Select(line => int.Parse(line.Split(' ', 4)[3], System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(Enumerable.Range(1, Count), numbers);
    }

    [Fact]
    public async Task ReopenContainerLog_AfterRename_NewFileExistsAndOldGetsNothingMore()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "/bin/sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done");
        await Eventually.TrueAsync(() => new FileInfo(pod.LogPath()).Length > 0);
        File.Move(pod.LogPath(), pod.LogPath() + ".1");
        await fixture.Client.RuntimeAsync<ReopenContainerLogResponse>(new ReopenContainerLogRequest { ContainerId = pod.Container });
        Assert.True(File.Exists(pod.LogPath()));
        var old = await File.ReadAllTextAsync(pod.LogPath() + ".1");
        await Eventually.TrueAsync(() => new FileInfo(pod.LogPath()).Length > 0);
        Assert.Equal(old, await File.ReadAllTextAsync(pod.LogPath() + ".1"));
        Assert.EndsWith("\n", old, StringComparison.Ordinal);
        await fixture.StopAsync(pod.Container);
        var numbers = File.ReadLines(pod.LogPath() + ".1").Concat(File.ReadLines(pod.LogPath())).Select(line => line.Split(' ', 4)[3]).ToList();
        Assert.Equal(Enumerable.Range(1, numbers.Count).Select(i => $"{i}"), numbers);
    }

    [Fact]
    public async Task ReopenContainerLog_ContainerExited_Fails()
    {
        await using var pod = await fixture.RunAsync(fixture.Pod(), "true");
        await fixture.WaitForExitAsync(pod.Container);
        await Assert.ThrowsAsync<TestKit.CriCallException>(() =>
            fixture.Client.RuntimeAsync<ReopenContainerLogResponse>(new ReopenContainerLogRequest { ContainerId = pod.Container }));
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z (stdout|stderr) [PF] ")]
    private static partial Regex CriLine();
}
