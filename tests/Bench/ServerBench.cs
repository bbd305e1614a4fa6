using System.Diagnostics;
using System.Globalization;
using CriShim.Cri.V1;
using CriShim.TestKit;

namespace CriShim.Bench;

/// <summary>The server's main operations through the CRI, and its memory.</summary>
internal sealed class ServerBench
{
    private const int Runs = 20;
    private const int Crowd = 30;
    private readonly ServerProcess _server;
    private readonly string _image;
    private readonly Report _report;

    private ServerBench(ServerProcess server, string image, Report report)
    {
        _server = server;
        _image = image;
        _report = report;
    }

    public static async Task MeasureAsync(Report report)
    {
        using var registry = await RegistryProcess.StartAsync();
        await ImageBuilder.Busybox().PushAsync(registry.Host, "bench/busybox", "1");
        await using var server = await ServerProcess.StartAsync();
        var image = $"{registry.Host}/bench/busybox:1";
        var bench = new ServerBench(server, image, report);
        await Task.Delay(TimeSpan.FromSeconds(2));
        report.Add("crishim resident, idle", MemoryFigures.Kilobytes(server.ProcessId, "Rss") / 1024.0, "MB", 35);
        await server.Client.ImageAsync<PullImageResponse>(new PullImageRequest { Image = new ImageSpec { Image = image } });
        await bench.PodsAsync();
        await bench.ExecsAsync();
        await bench.CrowdAsync();
    }

    private async Task PodsAsync()
    {
        List<double> firstLine = [], stop = [], remove = [], stopPod = [];
        for (var i = 0; i < Runs + 2; i++)
        {
            var pod = Configs.Pod(logDirectory: Path.Combine(_server.Scratch, $"logs{i}"));
            var clock = Stopwatch.StartNew();
            var (sandbox, container) = await RunAsync(pod, "echo ready; exec sleep 1000");
            await FirstByteAsync(Path.Combine(pod.LogDirectory, "c", "0.log"));
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
        var (sandbox, container) = await RunAsync(Configs.Pod(), "exec sleep 1000");
        var times = new List<double>();
        for (var i = 0; i < 50; i++)
        {
            times.Add(await TimeAsync(() => _server.Client.RuntimeAsync<ExecSyncResponse>(new ExecSyncRequest { ContainerId = container, Cmd = { "true" } })));
        }

        _report.Add("ExecSync of true", Report.Median(times.Skip(5)), "ms", 8);
        await RemoveAsync(sandbox);
    }

    private async Task CrowdAsync()
    {
        var sandboxes = new List<string>();
        for (var i = 0; i < Crowd; i++)
        {
            sandboxes.Add((await RunAsync(Configs.Pod(logDirectory: Path.Combine(_server.Scratch, $"crowd{i}")), "exec sleep 1000")).Sandbox);
        }

        await Task.Delay(TimeSpan.FromSeconds(2));
        var supervisors = Processes.Named("crishim-runtime").ToList();
        _report.Add($"supervisor PSS with {Crowd} containers", supervisors.Average(pid => MemoryFigures.Kilobytes(pid, "Pss")) / 1024.0, "MB", 0.8, $"({supervisors.Count} processes)");
        _report.Add($"crishim resident, {Crowd} pods", MemoryFigures.Kilobytes(_server.ProcessId, "Rss") / 1024.0, "MB");
        foreach (var sandbox in sandboxes)
        {
            await RemoveAsync(sandbox);
        }
    }

    private async Task<(string Sandbox, string Container)> RunAsync(PodSandboxConfig pod, string script)
    {
        var sandbox = (await _server.Client.RuntimeAsync<RunPodSandboxResponse>(new RunPodSandboxRequest { Config = pod })).PodSandboxId;
        var config = Configs.Container(pod, _image, "c", "/bin/sh", "-c", script);
        var container = (await _server.Client.RuntimeAsync<CreateContainerResponse>(
            new CreateContainerRequest { PodSandboxId = sandbox, Config = config, SandboxConfig = pod })).ContainerId;
        await _server.Client.RuntimeAsync<StartContainerResponse>(new StartContainerRequest { ContainerId = container });
        return (sandbox, container);
    }

    private async Task RemoveAsync(string sandbox)
    {
        await _server.Client.RuntimeAsync<StopPodSandboxResponse>(new StopPodSandboxRequest { PodSandboxId = sandbox });
        await _server.Client.RuntimeAsync<RemovePodSandboxResponse>(new RemovePodSandboxRequest { PodSandboxId = sandbox });
    }

    private static async Task FirstByteAsync(string path)
    {
        var clock = Stopwatch.StartNew();
        while (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            if (clock.Elapsed > TimeSpan.FromSeconds(10))
            {
                throw new TimeoutException($"nothing in {path}");
            }

            await Task.Yield();
        }
    }

    private static async Task<double> TimeAsync<T>(Func<Task<T>> work)
    {
        var clock = Stopwatch.StartNew();
        await work();
        return clock.Elapsed.TotalMilliseconds;
    }
}

/// <summary>Processes by the name of their program.</summary>
internal static class Processes
{
    public static IEnumerable<int> Named(string name) =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(entry => char.IsAsciiDigit(entry![0])).Select(entry => int.Parse(entry!, CultureInfo.InvariantCulture))
            .Where(pid => CommandLine(pid).StartsWith(name, StringComparison.Ordinal));

    private static string CommandLine(int pid)
    {
        try
        {
            var first = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0')[0];
            return Path.GetFileName(first);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
