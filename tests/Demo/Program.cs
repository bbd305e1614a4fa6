using CriShim.Demo;
using CriShim.TestKit;

if (Environment.UserName != "root")
{
    Console.Error.WriteLine("the demo makes namespaces, mounts and cgroups: run it as root (sudo make demo)");
    return 1;
}

var leaks = new LeakCheck();
var narrator = new Narrator();
using (var registry = await narrator.StepAsync("Start a registry on loopback", RegistryProcess.StartAsync))
{
    await using var server = await narrator.StepAsync("Start crishim with root and state folders of its own", () => ServerProcess.StartAsync());
    await new PodStory(narrator, server, registry.Host).TellAsync();
}

narrator.Summary();
var left = await leaks.FindAsync();
Console.WriteLine();
Console.WriteLine(left.Count == 0
    ? "Nothing is left: no process, mount, network namespace, interface, nftables table or cgroup."
    : "LEFT ON THE MACHINE:\n  " + string.Join("\n  ", left));
return left.Count == 0 ? 0 : 1;
