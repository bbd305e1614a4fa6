using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Rootfs;

/// <summary>
/// A mount of type cgroup. Unified: the one cgroup2 file system. Otherwise a tmpfs with every hierarchy in its folder, as on the host.
/// In a cgroup namespace a fresh mount shows the container's own part as its root; without one that part is bound.
/// </summary>
internal static class CgroupMount
{
    public static void Apply(MountContext context, MountSpec mount, MountOptions options)
    {
        context.Cgroups.Enter();
        using var target = context.Root.MakeFolders(mount.Destination);
        var cgroups = context.Setup.Cgroups;
        if (cgroups is [{ Controllers: "" }])
        {
            using var only = OpenHierarchy(context, cgroups[0], options.Set);
            DetachedMount.Attach(only, target, mount.Destination);
            return;
        }

        using var tmpfs = DetachedMount.Create("tmpfs", "tmpfs", MountLabel.AddTo(["mode=755"], context.Label), options.Set & ~MOUNT_ATTR_RDONLY);
        DetachedMount.Attach(tmpfs, target, mount.Destination);
        foreach (var cgroup in cgroups)
        {
            AttachHierarchy(context, cgroup, tmpfs, options.Set);
        }

        DetachedMount.SetAttributes(tmpfs, recursive: false, options.Set, 0);
    }

    private static void AttachHierarchy(MountContext context, Cgroups.CgroupFolder cgroup, SafeFileHandle tmpfs, ulong attributes)
    {
        var name = Path.GetFileName(cgroup.MountPoint);
        Check.Result(mkdirat(tmpfs, name, 0b111_101_101), "mkdirat", name);
        using var folder = Fd.OpenAt(tmpfs, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        using var hierarchy = OpenHierarchy(context, cgroup, attributes);
        DetachedMount.Attach(hierarchy, folder, name);
        foreach (var controller in cgroup.Controllers.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (cgroup.Controllers.Contains(',') && controller != name)
            {
                Check.Result(symlinkat(name, tmpfs, controller), "symlinkat", controller);
            }
        }
    }

    private static SafeFileHandle OpenHierarchy(MountContext context, Cgroups.CgroupFolder cgroup, ulong attributes)
    {
        if (!context.HasCgroupNamespace)
        {
            var bound = DetachedMount.Clone(cgroup.Path, recursive: false);
            DetachedMount.SetAttributes(bound, recursive: false, attributes, 0);
            return bound;
        }

        return cgroup.Controllers.Length == 0
            ? DetachedMount.Create("cgroup2", "cgroup2", [], attributes)
            : DetachedMount.Create("cgroup", "cgroup", Options(cgroup.Controllers), attributes);
    }

    // A named hierarchy without controllers says so ("none"); one with controllers lists them.
    private static string[] Options(string controllers) =>
        controllers.StartsWith("name=", StringComparison.Ordinal) ? ["none", controllers] : controllers.Split(',');
}
