using CriShim.Bench;
using CriShim.TestKit;

if (Environment.UserName != "root")
{
    Console.Error.WriteLine("the benchmark makes namespaces, mounts and cgroups: run it as root (sudo make bench-quick, sudo make bench-pull)");
    return 1;
}

var leaks = new LeakCheck();
var report = new Report();
Quiet.Await();
Console.WriteLine($"{Environment.ProcessorCount} processors, kernel {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}; medians, one machine, one run");
if (args is ["pull"])
{
    await PullBench.MeasureAsync(report);
}
else
{
    RuntimeBench.Measure(report);
    await ServerBench.MeasureAsync(report);
}

var met = report.Print();
await leaks.AssertCleanAsync();
return met ? 0 : 1;
