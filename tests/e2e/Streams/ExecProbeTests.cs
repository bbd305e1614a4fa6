using System.Diagnostics;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Streams;

/// <summary>What exec probes cost a node that runs for months.</summary>
public sealed class ExecProbeTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const int PerSecond = 200;
    private const int Pods = 5;

    [Fact]
    public async Task ExecSync_ManyProbes_NothingGrows()
    {
        var pods = await Task.WhenAll(Enumerable.Range(0, Pods).Select(_ => fixture.RunAsync(fixture.Pod(), "sleep", "1000")));
        try
        {
            await ProbeAsync(pods, TimeSpan.FromSeconds(2));
            var before = Snapshot(pods);
            await ProbeAsync(pods, Durations.Probes);
            await Eventually.GetAsync(() => Task.FromResult(Snapshot(pods)), after => after.Descriptors <= before.Descriptors + 4 && after.Processes <= before.Processes);
            await Task.Delay(TimeSpan.FromSeconds(2));
            var after = Snapshot(pods);
            Assert.True(after.SupervisorKilobytes <= before.SupervisorKilobytes + 100 * Pods, $"{before} {after}");
            Assert.True(after.ServerKilobytes <= before.ServerKilobytes + 16 * 1024, $"{before} {after}");
        }
        finally
        {
            await Task.WhenAll(pods.Select(pod => pod.DisposeAsync().AsTask()));
        }
    }

    private async Task ProbeAsync(RunningPod[] pods, TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        using var together = new SemaphoreSlim(40);
        var running = new List<Task>();
        for (var i = 0; clock.Elapsed < duration; i++)
        {
            var late = clock.Elapsed - TimeSpan.FromSeconds((double)i / PerSecond);
            if (late < TimeSpan.Zero)
            {
                await Task.Delay(-late);
            }

            await together.WaitAsync();
            running.Add(ProbeOnceAsync(pods[i % pods.Length].Container, i, together));
            running.RemoveAll(task => task.IsCompletedSuccessfully);
        }

        await Task.WhenAll(running);
    }

    private async Task ProbeOnceAsync(string container, int number, SemaphoreSlim together)
    {
        try
        {
            Assert.Equal($"{number}\n", await fixture.OutputAsync(container, "echo", $"{number}"));
        }
        finally
        {
            together.Release();
        }
    }

    private Figures Snapshot(RunningPod[] pods)
    {
        var supervisors = pods.Select(pod => Supervisors.Of(fixture.Server.State, pod.Container)).ToList();
        int[] all = [fixture.Server.ProcessId, .. supervisors];
        return new Figures(
            all.Sum(pid => Directory.GetFiles($"/proc/{pid}/fd").Length),
            all.Sum(Children),
            supervisors.Sum(pid => MemoryFigures.Kilobytes(pid, "Pss")),
            MemoryFigures.Kilobytes(fixture.Server.ProcessId, "Pss"));
    }

    /// <summary>Of all threads: a thread that ends leaves its children to another.</summary>
    private static int Children(int pid) => Directory.GetDirectories($"/proc/{pid}/task").Sum(
        task => File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);

    private sealed record Figures(int Descriptors, int Processes, long SupervisorKilobytes, long ServerKilobytes);
}
