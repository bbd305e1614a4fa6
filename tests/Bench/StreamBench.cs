using System.Diagnostics;
using System.Globalization;
using CriShim.Cri.V1;
using CriShim.TestKit;
using CriShim.TestKit.Streaming;

namespace CriShim.Bench;

/// <summary>How much a container's output streams carry: to a client of exec, and to the log.</summary>
internal sealed class StreamBench(ServerProcess server, BenchPods pods, Report report)
{
    private const int LineSize = 1024;
    private const int Lines = 512 * 1024;
    private const long ExecBytes = 1L << 30;
    private const int Runs = 3;
    private const double MegabytesPerSecond = 300;

    public async Task MeasureAsync()
    {
        await ExecAsync();
        await LogAsync();
    }

    private async Task ExecAsync()
    {
        var (sandbox, container) = await pods.RunAsync(Configs.Pod(), "exec sleep 1000");
        var rates = new List<double>();
        for (var i = 0; i < Runs; i++)
        {
            var request = new ExecRequest { ContainerId = container, Cmd = { "dd", "if=/dev/zero", "bs=1M", $"count={ExecBytes >> 20}" }, Stdout = true };
            await using var session = await RemoteSession.OpenAsync((await server.Client.RuntimeAsync<ExecResponse>(request)).Url, "o");
            var clock = Stopwatch.StartNew();
            var received = 0L;
            while (await session["stdout"].ReadAsync() is { } bytes)
            {
                received += bytes.Length;
            }

            rates.Add(received == ExecBytes ? received / 1e6 / clock.Elapsed.TotalSeconds : throw new InvalidDataException($"{received} bytes of {ExecBytes}"));
        }

        report.AddAtLeast("output of one exec through SPDY", Report.Median(rates), "MB/s", MegabytesPerSecond);
        await pods.RemoveAsync(sandbox);
    }

    /// <summary>A container copies a file of lines to its output; every one must be in the log.</summary>
    private async Task LogAsync()
    {
        var lines = Path.Combine(server.Scratch, "lines");
        await WriteLinesAsync(lines);
        List<double> rates = [], cores = [];
        for (var i = 0; i < Runs; i++)
        {
            var pod = Configs.Pod(logDirectory: Path.Combine(server.Scratch, $"stream{i}"));
            var mount = new Mount { HostPath = lines, ContainerPath = "/lines", Readonly = true };
            var (sandbox, container) = await pods.RunAsync(pod, "cat /lines > /dev/null; sleep 1; dd if=/lines bs=64k 2> /dev/null; exec sleep 1000", mount);
            var supervisor = Supervisors.Of(server.State, container);
            var log = new FileInfo(Path.Combine(pod.LogDirectory, "c", "0.log"));
            await BenchPods.UntilAsync(() => Length(log) > 0, log.FullName);
            var (clock, before) = (Stopwatch.StartNew(), CpuFigures.Seconds(supervisor));
            var whole = Lines * (File.ReadLines(log.FullName).First().Length + 1L);
            await BenchPods.UntilAsync(() => Length(log) == whole, log.FullName);
            rates.Add((double)Lines * LineSize / 1e6 / clock.Elapsed.TotalSeconds);
            cores.Add((CpuFigures.Seconds(supervisor) - before) / clock.Elapsed.TotalSeconds);
            Verify(log.FullName);
            await pods.RemoveAsync(sandbox);
            log.Delete();
        }

        report.AddAtLeast("log of one container, lines of 1 KiB", Report.Median(rates), "MB/s", MegabytesPerSecond);
        report.Add("its supervisor meanwhile", Report.Median(cores), "CPU", 1);
    }

    private static long Length(FileInfo file)
    {
        file.Refresh();
        return file.Exists ? file.Length : 0;
    }

    private static async Task WriteLinesAsync(string path)
    {
        await using var file = new StreamWriter(path);
        var rest = new string('x', LineSize - 9);
        for (var i = 0; i < Lines; i++)
        {
            await file.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{i:D7} {rest}\n"));
        }
    }

    private static void Verify(string log)
    {
        var expected = 0;
        foreach (var line in File.ReadLines(log))
        {
            // "2006-01-02T15:04:05.999999999Z stdout F 0000000 xxx"
            var content = line.Split(' ', 4)[3];
            if (content.Length != LineSize - 1 || !content.StartsWith(expected.ToString("D7", CultureInfo.InvariantCulture), StringComparison.Ordinal))
            {
                throw new InvalidDataException($"{log}: \"{content[..10]}\" in place of line {expected}");
            }

            expected++;
        }
    }
}
