using CriShim.Cgroups;
using CriShim.Linux;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Containers;

/// <summary>What the server itself does with cgroups: clean up where no supervisor does any more.</summary>
internal sealed class ContainerCgroups(CgroupManagerFactory factory, ILogger<ContainerCgroups> log)
{
    /// <summary>Kills what is left in the cgroup and removes it; nothing there is fine.</summary>
    public void Remove(string? path)
    {
        if (string.IsNullOrEmpty(path))
        {
            return;
        }

        try
        {
            var cgroup = factory.Open(path);
            cgroup.Kill();
            cgroup.Remove();
        }
        catch (Exception e) when (e is CgroupException or LinuxException)
        {
            ContainersLog.LeftBehind(log, path, "its cgroup", e.Message);
        }
    }
}
