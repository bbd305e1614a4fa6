using CriShim.Cgroups;
using CriShim.Cgroups.Resctrl;
using CriShim.Cgroups.Systemd;
using CriShim.Cri.V1;
using CriShim.CriServer.Specs;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Containers;

/// <summary>What the server itself does with cgroups: clean up where no supervisor does any more.</summary>
/// <param name="factory">Makes the managers.</param>
/// <param name="paths">Where the driver has them.</param>
internal sealed class ContainerCgroups(CgroupManagerFactory factory, CgroupPaths paths, ILogger<ContainerCgroups> log)
{
    public CgroupPaths Paths => paths;

    /// <summary>Changes the limits of a cgroup in use, all or none.</summary>
    /// <exception cref="CgroupException">The kernel refuses one; names file, value and errno.</exception>
    public void Update(string path, ResourcesSpec resources) => factory.Open(path).Update(resources);

    /// <summary>Removes the cgroup that only holds those of pods, if it holds none any more.</summary>
    public void RemoveRoot()
    {
        if (paths.Driver == CgroupDriver.Systemd)
        {
            if (factory.Open(ScopePath.Expand(paths.Root)).Folders.All(folder => !HasFolders(folder.Path)))
            {
                RemoveParent(paths.Root);
            }

            return;
        }

        var root = factory.Open(paths.Root);
        foreach (var folder in root.Folders)
        {
            try
            {
                Directory.Delete(folder.Path); // rmdir(2): refused while anything is below
            }
            catch (IOException)
            {
            }
        }

        if (!root.Exists())
        {
            root.Remove(); // where only another runtime has made it
        }
    }

    /// <summary>Removes what held a pod's cgroups, a path or a slice, and what is left in it.</summary>
    public void RemoveParent(string? parent)
    {
        if (parent is null || paths.Driver != CgroupDriver.Systemd)
        {
            Remove(parent);
            return;
        }

        try
        {
            factory.StopSlice(parent);
        }
        catch (CgroupException e)
        {
            ContainersLog.LeftBehind(log, parent, "its slice", e.Message);
        }
    }

    /// <summary>Of a container that no supervisor looks after any more: what is left in its cgroup, and its resctrl groups.</summary>
    public void RemoveOf(string containerId, string? path)
    {
        Remove(path);
        ResctrlGroup.RemoveAllOf(containerId);
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

    private static bool HasFolders(string path) => Directory.Exists(path) && Directory.EnumerateDirectories(path).Any();
}
