using System.Diagnostics;
using System.Text.Json.Nodes;
using CriShim.Linux;
using CriShim.TestKit;

namespace CriShim.Bench;

/// <summary>The OCI command line against runc and crun, on the bundle that `runc spec` makes.</summary>
internal static class RuntimeBench
{
    private const int Blocks = 4;
    private const int BlockRuns = 6;
    private const double Budget = 1.0 / 4;

    public static void Measure(Report report)
    {
        var runc = Command.Find("runc");
        using var bundle = MakeBundle(runc);
        string[] programs = [Binaries.Runtime, .. new[] { runc, Command.Find("crun") }.OfType<string>().Where(peer => Runs(peer, bundle))];
        Compare(report, "run of true", programs, (_, i) => ["run", "--bundle", bundle.Path, $"crishim-bench-{i}"]);

        using var running = new RunningContainers(bundle, programs);
        Compare(report, "exec of true", programs, (program, _) => ["exec", RunningContainers.IdOf(program), "/bin/true"]);
    }

    /// <summary>A peer may not be made for this machine: crun refuses hybrid cgroups.</summary>
    private static bool Runs(string peer, TempFolder bundle)
    {
        var result = Command.Run(peer, "run", "--bundle", bundle.Path, "crishim-bench-trial");
        if (result.ExitCode != 0)
        {
            Console.WriteLine($"{peer} is left out: {result.Error.Trim()}");
        }

        return result.ExitCode == 0;
    }

    /// <summary>
    /// All in turn, so that a drift of the machine hits all alike; in blocks whose first run does not count, since the kernel clears away
    /// behind a container what would slow down the next one's.
    /// </summary>
    /// <param name="programs">Ours first.</param>
    private static void Compare(Report report, string what, string[] programs, Func<string, int, string[]> arguments)
    {
        var times = programs.ToDictionary(program => program, _ => new List<double>());
        for (var i = 0; i < Blocks * BlockRuns; i += BlockRuns)
        {
            foreach (var program in programs)
            {
                times[program].AddRange(Enumerable.Range(i, BlockRuns).Select(run => Time(program, arguments(program, run))).ToList()[1..]);
            }
        }

        var medians = programs.Select(program => Report.Median(times[program])).ToList();
        double? budget = programs.Length > 1 ? medians[1] * Budget : null;
        report.Add($"crishim-runtime {what}", medians[0], "ms", budget, budget is null ? "(no peer runs here)" : $"(a quarter of {Path.GetFileName(programs[1])}'s)");
        for (var i = 1; i < programs.Length; i++)
        {
            report.Add($"{Path.GetFileName(programs[i])} {what}", medians[i], "ms");
        }
    }

    /// <summary>From the start of the program to its end, as a supervisor of processes sees it: nothing is read, nothing is copied.</summary>
    private static double Time(string program, string[] arguments)
    {
        var options = new ChildProcessOptions(program, [program, .. arguments]) { Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] };
        var clock = Stopwatch.StartNew();
        using var child = ChildProcess.Start(options);
        var exit = child.PidFd.Reap();
        clock.Stop();
        return exit.ExitCode == 0
            ? clock.Elapsed.TotalMilliseconds
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {exit}");
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
