using System.Diagnostics;
using CriShim.Cri.V1;
using CriShim.TestKit;

namespace CriShim.Bench;

/// <summary>
/// Pull and unpack of <see cref="BenchImage"/> from a registry on loopback through PullImage, ours and containerd in turn: each time with a
/// new server on new folders.
/// </summary>
internal sealed class PullBench : IDisposable
{
    private const int Runs = 5;
    private const string Repository = "bench/pull";

    // All removed at the end: a file system that just deleted many files is slow to make new ones.
    private readonly List<TempFolder> _folders = [];
    private readonly List<ServerProcess> _servers = [];
    private readonly RegistryProcess _registry;

    private PullBench(RegistryProcess registry) => _registry = registry;

    public static async Task MeasureAsync(Report report)
    {
        using var registry = await RegistryProcess.StartAsync();
        var archives = BenchImage.MakeArchives();
        foreach (var format in new[] { LayerFormat.Gzip, LayerFormat.Zstd })
        {
            await BenchImage.Build(archives, format).PushAsync(registry.Host, Repository, TagOf(format));
        }

        Console.WriteLine($"image of {archives.Count} layers, {archives.Sum(a => a.Length) / 1e6:F0} MB unpacked; {Runs} pulls each");
        archives.Clear();
        using var bench = new PullBench(registry);
        await bench.CompareAsync(report, LayerFormat.Gzip, 1000);
        await bench.CompareAsync(report, LayerFormat.Zstd, 600);
        await bench.StopAsync();
    }

    public void Dispose() => _folders.ForEach(folder => folder.Dispose());

    private static string TagOf(LayerFormat format) => format.ToString().ToLowerInvariant();

    private async Task CompareAsync(Report report, LayerFormat format, double budget)
    {
        List<double> ours = [], theirs = [], memory = [];
        for (var i = 0; i < Runs; i++)
        {
            var (time, grown) = await PullByOursAsync(format);
            ours.Add(time);
            memory.Add(grown);
            if (ContainerdProcess.Program is { } program)
            {
                theirs.Add(await PullByContainerdAsync(program, format));
            }
        }

        var name = TagOf(format);
        report.Add($"crishim pull and unpack, {name}", Report.Median(ours), "ms", budget);
        report.Add($"crishim peak memory above idle, {name}", memory.Max(), "MB", 60);
        if (theirs.Count > 0)
        {
            report.Add($"containerd pull and unpack, {name}", Report.Median(theirs), "ms");
            report.Add($"crishim to containerd, {name}", Report.Median(ours) / Report.Median(theirs), "", 0.5);
        }
    }

    private async Task<(double Milliseconds, double Megabytes)> PullByOursAsync(LayerFormat format)
    {
        var server = await ServerProcess.StartAsync();
        _servers.Add(server);
        var idle = await SettleAsync(server.ProcessId);
        var time = await PullAsync(server.Client, format);
        return (time, (MemoryFigures.PeakKilobytes(server.ProcessId) - idle) / 1024.0);
    }

    private async Task<double> PullByContainerdAsync(string program, LayerFormat format)
    {
        var folder = new TempFolder("crishim-containerd-");
        _folders.Add(folder);
        using var containerd = await ContainerdProcess.StartAsync(program, folder);
        await SettleAsync(containerd.ProcessId);
        return await PullAsync(containerd.Client, format);
    }

    /// <summary>What went before is on the disk; returns resident kilobytes.</summary>
    private static async Task<long> SettleAsync(int processId)
    {
        Command.Run("sync");
        await Task.Delay(TimeSpan.FromSeconds(1));
        return MemoryFigures.Kilobytes(processId, "Rss");
    }

    private async Task<double> PullAsync(CriClient client, LayerFormat format)
    {
        var clock = Stopwatch.StartNew();
        await client.ImageAsync<PullImageResponse>(
            new PullImageRequest { Image = new ImageSpec { Image = $"{_registry.Host}/{Repository}:{TagOf(format)}" } }, TimeSpan.FromMinutes(2));
        return clock.Elapsed.TotalMilliseconds;
    }

    private async Task StopAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }
}
