using System.Diagnostics;
using CriShim.Cri.V1;
using CriShim.TestKit;

namespace CriShim.Bench;

/// <summary>The server's main operations through the CRI, and its memory.</summary>
internal sealed class ServerBench
{
    private const int Runs = 20;
    private const int Crowd = 30;
    private const int Execs = 200;
    private readonly ServerProcess _server;
    private readonly BenchPods _pods;
    private readonly Report _report;

    private ServerBench(ServerProcess server, BenchPods pods, Report report)
    {
        _server = server;
        _pods = pods;
        _report = report;
    }

    public static async Task MeasureAsync(Report report)
    {
        using var registry = await RegistryProcess.StartAsync();
        await ImageBuilder.Busybox().PushAsync(registry.Host, "bench/busybox", "1");
        await using var server = await ServerProcess.StartAsync();
        var image = $"{registry.Host}/bench/busybox:1";
        var pods = new BenchPods(server.Client, image);
        var bench = new ServerBench(server, pods, report);
        await Task.Delay(TimeSpan.FromSeconds(2));
        report.Add("crishim resident, idle", MemoryFigures.Kilobytes(server.ProcessId, "Rss") / 1024.0, "MB", 35);
        await server.Client.ImageAsync<PullImageResponse>(new PullImageRequest { Image = new ImageSpec { Image = image } });
        await bench.PodsAsync();
        await bench.ExecsAsync();
        await bench.CrowdAsync();
        await new StreamBench(server, pods, report).MeasureAsync();
    }

    private async Task PodsAsync()
    {
        List<double> firstLine = [], stop = [], remove = [], stopPod = [];
        for (var i = 0; i < Runs + 2; i++)
        {
            var pod = Configs.Pod(logDirectory: Path.Combine(_server.Scratch, $"logs{i}"));
            var clock = Stopwatch.StartNew();
            var (sandbox, container) = await _pods.RunAsync(pod, "echo ready; exec sleep 1000");
            var log = new FileInfo(Path.Combine(pod.LogDirectory, "c", "0.log"));
            await BenchPods.UntilAsync(() => File.Exists(log.FullName) && new FileInfo(log.FullName).Length > 0, log.FullName);
            firstLine.Add(clock.Elapsed.TotalMilliseconds);
            stop.Add(await TimeAsync(() => _server.Client.RuntimeAsync<StopContainerResponse>(new StopContainerRequest { ContainerId = container })));
            remove.Add(await TimeAsync(() => _server.Client.RuntimeAsync<RemoveContainerResponse>(new RemoveContainerRequest { ContainerId = container })));
            stopPod.Add(await TimeAsync(() => _server.Client.RuntimeAsync<StopPodSandboxResponse>(new StopPodSandboxRequest { PodSandboxId = sandbox })));
            await _server.Client.RuntimeAsync<RemovePodSandboxResponse>(new RemovePodSandboxRequest { PodSandboxId = sandbox });
        }

        _report.Add("RunPodSandbox to first log line, host network", Report.Median(firstLine.Skip(2)), "ms", 40);
        _report.Add("StopContainer, no grace", Report.Median(stop.Skip(2)), "ms");
        _report.Add("RemoveContainer", Report.Median(remove.Skip(2)), "ms");
        _report.Add("StopPodSandbox, host network", Report.Median(stopPod.Skip(2)), "ms");
    }

    private async Task ExecsAsync()
    {
        var (sandbox, container) = await _pods.RunAsync(Configs.Pod(), "exec sleep 1000");
        int[] processes = [_server.ProcessId, Supervisors.Of(_server.State, container)];
        var times = new List<double>();
        await ExecsAsync(container, Execs / 10, []);
        var before = processes.Sum(CpuFigures.Seconds);
        await ExecsAsync(container, Execs, times);
        var used = processes.Sum(CpuFigures.Seconds) - before;
        _report.Add("ExecSync of true", Report.Median(times), "ms", 5);
        _report.Add("its CPU: server, supervisor and command", used * 1000 / Execs, "ms", 4);
        await _pods.RemoveAsync(sandbox);
    }

    private async Task ExecsAsync(string container, int count, List<double> times)
    {
        for (var i = 0; i < count; i++)
        {
            times.Add(await TimeAsync(() => _server.Client.RuntimeAsync<ExecSyncResponse>(new ExecSyncRequest { ContainerId = container, Cmd = { "true" } })));
        }
    }

    private async Task CrowdAsync()
    {
        var sandboxes = new List<string>();
        for (var i = 0; i < Crowd; i++)
        {
            sandboxes.Add((await _pods.RunAsync(Configs.Pod(logDirectory: Path.Combine(_server.Scratch, $"crowd{i}")), "exec sleep 1000")).Sandbox);
        }

        await Task.Delay(TimeSpan.FromSeconds(2));
        var supervisors = Processes.Named("crishim-runtime").ToList();
        _report.Add($"supervisor PSS with {Crowd} containers", supervisors.Average(pid => MemoryFigures.Kilobytes(pid, "Pss")) / 1024.0, "MB", 0.8, $"({supervisors.Count} processes)");
        _report.Add($"crishim resident, {Crowd} pods", MemoryFigures.Kilobytes(_server.ProcessId, "Rss") / 1024.0, "MB");
        foreach (var sandbox in sandboxes)
        {
            await _pods.RemoveAsync(sandbox);
        }
    }

    private static async Task<double> TimeAsync<T>(Func<Task<T>> work)
    {
        var clock = Stopwatch.StartNew();
        await work();
        return clock.Elapsed.TotalMilliseconds;
    }
}
