using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Containers;

/// <summary>What the server itself does with cgroups: clean up where no supervisor does any more.</summary>
internal sealed class ContainerCgroups(CgroupManagerFactory factory, ILogger<ContainerCgroups> log)
{
    /// <summary>Changes the limits of a cgroup in use, all or none.</summary>
    /// <exception cref="CgroupException">The kernel refuses one; names file, value and errno.</exception>
    public void Update(string path, ResourcesSpec resources) => factory.Open(path).Update(resources);

    /// <summary>Removes a cgroup that only holds those of pods, if it holds none any more.</summary>
    public void RemoveIfEmpty(string path)
    {
        foreach (var folder in factory.Open(path).Folders)
        {
            try
            {
                Directory.Delete(folder.Path); // rmdir(2): refused while anything is below
            }
            catch (IOException)
            {
            }
        }
    }

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
            if (cgroup.IsPopulated())
            {
                cgroup.Kill();
            }

            cgroup.Remove();
        }
        catch (Exception e) when (e is CgroupException or LinuxException)
        {
            ContainersLog.LeftBehind(log, path, "its cgroup", e.Message);
        }
    }
}
