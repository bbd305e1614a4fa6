using System.Diagnostics;
using System.Text.Json.Nodes;
using CriShim.TestKit;

namespace CriShim.Bench;

/// <summary>The OCI command line against runc on the bundle that `runc spec` makes: both in turn, so that drift of the machine hits both.</summary>
internal static class RuntimeBench
{
    private const int Runs = 20;

    public static void Measure(Report report)
    {
        var runc = Command.Find("runc");
        using var bundle = MakeBundle(runc);
        var (ours, theirs) = Pair(Binaries.Runtime, runc, (program, i) => ["run", "--bundle", bundle.Path, $"crishim-bench-{i}"]);
        Compare(report, "run of true", ours, theirs, ratio: 1.0 / 3);

        using var running = new RunningContainers(bundle, [Binaries.Runtime, .. runc is null ? Array.Empty<string>() : [runc]]);
        (ours, theirs) = Pair(Binaries.Runtime, runc, (program, _) => ["exec", RunningContainers.IdOf(program), "/bin/true"]);
        Compare(report, "exec of true", ours, theirs, ratio: 1.0 / 3);
    }

    private static void Compare(Report report, string what, double ours, double? theirs, double ratio)
    {
        report.Add($"crishim-runtime {what}", ours, "ms", theirs * ratio, theirs is null ? "(runc is not installed)" : "(a third of runc's)");
        if (theirs is { } value)
        {
            report.Add($"runc {what}", value, "ms");
        }
    }

    private static (double Ours, double? Theirs) Pair(string ours, string? theirs, Func<string, int, string[]> arguments)
    {
        List<double> oursTimes = [], theirTimes = [];
        for (var i = 0; i < Runs + 2; i++)
        {
            oursTimes.Add(Time(ours, arguments(ours, i)));
            if (theirs is not null)
            {
                theirTimes.Add(Time(theirs, arguments(theirs, i)));
            }
        }

        return (Report.Median(oursTimes.Skip(2)), theirs is null ? null : Report.Median(theirTimes.Skip(2)));
    }

    private static double Time(string program, string[] arguments)
    {
        var clock = Stopwatch.StartNew();
        var result = Command.Run(program, arguments);
        clock.Stop();
        return result.ExitCode == 0
            ? clock.Elapsed.TotalMilliseconds
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {result.ExitCode}: {result.Error}");
    }

    /// <summary>Busybox as rootfs; config.json from `runc spec` (ours without runc), no terminal, running true.</summary>
    private static TempFolder MakeBundle(string? runc)
    {
        var bundle = new TempFolder("crishim-bundle-");
        Directory.CreateDirectory(bundle.Combine("rootfs", "bin"));
        foreach (var folder in new[] { "proc", "sys", "dev", "tmp" })
        {
            Directory.CreateDirectory(bundle.Combine("rootfs", folder));
        }

        File.Copy("/bin/busybox", bundle.Combine("rootfs", "bin", "busybox"));
        foreach (var applet in new[] { "sh", "true", "sleep" })
        {
            File.CreateSymbolicLink(bundle.Combine("rootfs", "bin", applet), "busybox");
        }

        Command.Output(runc ?? Binaries.Runtime, "spec", "--bundle", bundle.Path);
        Rewrite(bundle, "/bin/true");
        return bundle;
    }

    private static void Rewrite(TempFolder bundle, params string[] args)
    {
        var path = bundle.Combine("config.json");
        var spec = JsonNode.Parse(File.ReadAllText(path))!;
        spec["process"]!["terminal"] = false;
        spec["process"]!["args"] = new JsonArray([.. args.Select(arg => (JsonNode)arg)]);
        File.WriteAllText(path, spec.ToJsonString());
    }

    /// <summary>One sleeping container a runtime, to exec into.</summary>
    private sealed class RunningContainers : IDisposable
    {
        private readonly string[] _programs;

        public RunningContainers(TempFolder bundle, string[] programs)
        {
            _programs = programs;
            Rewrite(bundle, "/bin/sleep", "1000");
            foreach (var program in programs)
            {
                // A detached container keeps its stdio: give it none of ours.
                Command.Output("/bin/sh", "-c", $"{program} run --detach --bundle {bundle.Path} {IdOf(program)} </dev/null >/dev/null 2>&1");
            }
        }

        public static string IdOf(string program) => "crishim-bench-" + Path.GetFileName(program);

        public void Dispose()
        {
            foreach (var program in _programs)
            {
                Command.Run(program, "delete", "--force", IdOf(program));
            }
        }
    }
}
