using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Init;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Rootfs;

/// <summary>
/// Builds the container's file tree inside its own mount namespace, before pivot_root: the root, the spec's mounts in their order, devices,
/// then what is covered or made read-only. Every target is a descriptor resolved by the kernel below the root; nothing here follows a
/// path as text. Throws <see cref="LinuxException"/>.
/// </summary>
internal static class RootfsBuilder
{
    /// <summary>
    /// Attaches the root and returns it. Nothing of this reaches the host: all mounts of this namespace are made slaves (or what the spec
    /// asks) first; where they stay shared, the mount that the root goes on is made private. A detached root goes over "/" itself, which
    /// needs no folder that a user namespace could be shut out of; lookups still begin below it.
    /// </summary>
    public static RootFd AttachRoot(InitSetup setup)
    {
        var (spec, detached) = (setup.Spec, setup.Mounts.Rootfs);
        var (propagation, recursive) = MountOptions.FindPropagation(spec.Linux?.RootfsPropagation ?? "") ?? (MS_SLAVE, true);
        Check.Result(mount(null, "/", null, propagation | (recursive ? MS_REC : 0), null), "mount", "propagation of /");
        var path = Path.GetFullPath(spec.Root!.Path, setup.BundlePath);
        var target = detached is null ? path : propagation == MS_SHARED ? setup.BundlePath : "/";
        var root = detached ?? DetachedMount.Clone(path, recursive: true);
        if (propagation == MS_SHARED)
        {
            MakeParentPrivate(target);
        }

        using (var over = Fd.Open(target, O_PATH | O_DIRECTORY))
        {
            DetachedMount.Attach(root, over, target);
        }

        // A root that is still shared could not be pivoted to (pivot_root(2)).
        DetachedMount.SetAttributes(root, recursive: false, 0, 0, MS_PRIVATE, target);
        return new RootFd(root);
    }

    public static void Build(RootFd root, InitSetup setup, CgroupEntry cgroups)
    {
        var context = new MountContext(root, setup, cgroups);
        var mounts = setup.Spec.Mounts ?? [];
        for (var i = 0; i < mounts.Count; i++)
        {
            MountApplier.Apply(context, mounts[i] with { Destination = Canonical(mounts[i].Destination) }, setup.Mounts.Sources.GetValueOrDefault(i));
        }

        if (!context.DevIsForeign)
        {
            DeviceNodes.Make(root, setup.Spec.Linux?.Devices ?? [], context.HasUserNamespace);
        }
    }

    public static void Restrict(RootFd root, Spec spec)
    {
        MaskedPaths.MakeReadonly(root, spec.Linux?.ReadonlyPaths ?? []);
        MaskedPaths.Mask(root, spec.Linux?.MaskedPaths ?? [], spec.Linux?.MountLabel);
    }

    /// <summary>The one spelling of a target, by which later rules know it: "/dev/" and "/x/../dev" are /dev, "x" is /x.</summary>
    private static string Canonical(string destination) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination, "/"));

    private static void MakeParentPrivate(string target)
    {
        var parent = MountInfo.FindFor(target, MountInfo.Read());
        Check.Result(mount(null, parent?.MountPoint ?? "/", null, MS_PRIVATE, null), "mount", "propagation of the root's parent");
    }
}
