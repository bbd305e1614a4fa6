using System.Diagnostics;
using CriShim.Cgroups;
using CriShim.E2e.Fixtures;
using CriShim.TestKit;

namespace CriShim.E2e.Cgroups;

/// <summary>
/// A cgroup of a test's own in the machine's real hierarchies, and processes in it; all killed and removed at the end. Skips
/// nothing: e2e tests run as root on a machine whose cgroups can be written.
/// </summary>
internal sealed class CgroupFixture : IDisposable
{
    private static readonly string s_mounts = File.ReadAllText("/proc/self/mountinfo");
    private static readonly string s_own = File.ReadAllText("/proc/self/cgroup");
    private readonly string _parent = "/crishim-test-" + Guid.NewGuid().ToString("N")[..12];
    private readonly CgroupManagerFactory _factory;
    private readonly List<Process> _processes = [];

    public CgroupFixture(CgroupManagerFactory factory)
    {
        _factory = factory;
        Manager = factory.Open(_parent + "/c1");
    }

    public ICgroupManager Manager { get; }

    /// <summary>The machine as it is.</summary>
    public static CgroupManagerFactory Machine => new(s_mounts, s_own);

    /// <summary>The same machine without its cgroup2 mount.</summary>
    public static CgroupManagerFactory Legacy => new(Lines(line => !line.Contains(" - cgroup2 ", StringComparison.Ordinal)), s_own);

    /// <summary>Its cgroup2 mount alone.</summary>
    public static CgroupManagerFactory Unified => new(Lines(line => line.Contains(" - cgroup2 ", StringComparison.Ordinal)), s_own);

    /// <summary>What carries the controllers: the v1 mounts, or the cgroup2 one.</summary>
    public static CgroupManagerFactory Controllers => V1FactAttribute.HasV1 ? Legacy : Unified;

    /// <summary>The text of a control file in the hierarchy that carries the controller; "" is the cgroup2 one.</summary>
    public string Read(string controller, string file) => File.ReadAllText(FilePath(controller, file)).TrimEnd();

    public string FilePath(string controller, string file) =>
        Path.Combine(Manager.Folders.Single(folder => folder.Controllers.Split(',').Contains(controller)).Path, file);

    /// <summary>Another manager for the same cgroup, as a later process would have it.</summary>
    public ICgroupManager Reopen() => _factory.Open(_parent + "/c1");

    /// <summary>
    /// Starts a shell that joins as a cloned child does, by writing 0 to each `tasks` file itself, and then executes the script.
    /// </summary>
    public Process Start(string script)
    {
        var joins = Manager.Folders.Select(folder =>
            $"echo 0 > {folder.Path}/{(folder.Controllers.Length == 0 ? "cgroup.procs" : "tasks")} || exit 99; ");
        var info = new ProcessStartInfo("/bin/sh", ["-c", string.Concat(joins) + "echo joined; " + script]) { RedirectStandardOutput = true };
        var process = Process.Start(info)!;
        _processes.Add(process);
        Assert.Equal("joined", process.StandardOutput.ReadLine());
        return process;
    }

    public void Dispose()
    {
        Manager.Kill();
        Manager.WaitEmpty(Patience.Seconds(10));
        foreach (var process in _processes)
        {
            process.WaitForExit(Patience.Seconds(10));
            process.Dispose();
        }

        Manager.Remove();
        _factory.Open(_parent).Remove();
    }

    private static string Lines(Predicate<string> wanted) => string.Join('\n', s_mounts.Split('\n').Where(line => wanted(line)));
}
