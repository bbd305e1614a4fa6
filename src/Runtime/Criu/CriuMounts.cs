using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Rootfs;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Criu;

/// <summary>What of a container comes from outside it, as criu is told: volumes by their place, joined namespaces by a name.</summary>
internal static class CriuMounts
{
    private const int External = 37;
    private const int CgroupRoot = 25;

    /// <summary>What covers a file (<see cref="MaskedPaths"/>), on the host and in the images.</summary>
    private const string Cover = "/dev/null";

    /// <summary>Volumes, and what covers files, are not part of the images.</summary>
    public static void AddForDump(ProtoWriter options, Spec spec, ICgroupManager cgroup, int pid)
    {
        using var root = new RootFd(Fd.Open($"/proc/{pid}/root", O_PATH | O_DIRECTORY));
        foreach (var path in spec.Linux?.MaskedPaths ?? [])
        {
            using var file = root.OpenIfPresent(path, O_PATH);
            if (file is not null && !FileStatus.Of(file, path).IsFolder)
            {
                options.Text(External, $"mnt[{path}]:{Cover}");
            }
        }

        foreach (var (place, _) in Bound(spec, cgroup, ""))
        {
            options.Text(External, $"mnt[{place}]:{place}");
        }
    }

    public static void AddForRestore(ProtoWriter options, Spec spec, ICgroupManager cgroup, string bundlePath)
    {
        options.Text(External, $"mnt[{Cover}]:{Cover}");
        foreach (var (place, source) in Bound(spec, cgroup, bundlePath))
        {
            options.Text(External, $"mnt[{place}]:{source}");
        }
    }

    /// <summary>Where the container's cgroup is, in each hierarchy of v1: restored processes go there.</summary>
    public static void AddCgroups(ProtoWriter options, ICgroupManager cgroup)
    {
        foreach (var folder in cgroup.Folders.Where(folder => folder.Controllers.Length > 0))
        {
            var path = "/" + Path.GetRelativePath(folder.MountPoint, folder.Path);
            foreach (var controller in folder.Controllers.Split(','))
            {
                options.Message(CgroupRoot, new ProtoWriter().Text(1, controller).Text(2, path));
            }
        }
    }

    /// <summary>Makes the places of volumes in a root that does not have them yet: it may be another one than was saved.</summary>
    public static void MakeTargets(string root, Spec spec, string bundlePath)
    {
        using var folder = new RootFd(Fd.Open(root, O_PATH | O_DIRECTORY));
        foreach (var mount in Volumes(spec).Where(mount => !IsBelowAnother(mount, spec)))
        {
            if (Directory.Exists(Path.GetFullPath(mount.Source ?? "", bundlePath)))
            {
                folder.MakeFolders(mount.Destination).Dispose();
            }
            else
            {
                folder.MakeFile(mount.Destination).Dispose();
            }
        }
    }

    /// <summary>
    /// Bind mounts of the host's: volumes, devices of a user namespace (<see cref="DeviceNodes"/>), and cgroups where no cgroup namespace stands
    /// for them (<see cref="CgroupMount"/>).
    /// </summary>
    private static IEnumerable<(string Place, string Source)> Bound(Spec spec, ICgroupManager cgroup, string bundlePath)
    {
        var bound = Volumes(spec).Select(mount => (mount.Destination, Path.Combine(bundlePath, mount.Source ?? "")));
        if (HasNamespace(spec, "user"))
        {
            bound = bound.Concat(DeviceNodes.All(spec.Linux?.Devices ?? []).Select(device => (device.Path, device.Path)));
        }

        return HasNamespace(spec, "cgroup") ? bound : bound.Concat(
            from mount in spec.Mounts ?? []
            where mount.Type == "cgroup"
            from folder in cgroup.Folders
            let isOnly = cgroup.Folders is [{ Controllers: "" }]
            select (isOnly ? mount.Destination : Path.Combine(mount.Destination, Path.GetFileName(folder.MountPoint)), folder.Path));
    }

    private static bool HasNamespace(Spec spec, string type) => spec.Linux?.Namespaces?.Any(item => item.Type == type) ?? false;

    private static bool IsBelowAnother(MountSpec mount, Spec spec) => spec.Mounts!.Any(
        other => other != mount && mount.Destination.StartsWith(other.Destination.TrimEnd('/') + "/", StringComparison.Ordinal));

    private static IEnumerable<MountSpec> Volumes(Spec spec) => (spec.Mounts ?? []).Where(mount => MountOptions.Parse(mount).IsBind);
}
