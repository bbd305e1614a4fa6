using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Init;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.Processes;

namespace CriShim.Runtime.Rootfs;

/// <summary>
/// A container in a mount namespace that is not its own: the caller's (the spec names none), or one joined by path. It gets a chroot on a
/// mount of its root over itself; no mount of others is touched. That mount, with all below it, is removed when the container is.
/// Throws <see cref="LinuxException"/>.
/// </summary>
internal static class SharedMounts
{
    public static bool AreUsedBy(Spec spec) => Find(spec) is not { Path: null or "" };

    public static RootFd Attach(InitSetup setup)
    {
        var path = PathOf(setup.Spec, setup.BundlePath);
        var root = setup.Mounts.Rootfs ?? DetachedMount.Clone(path, recursive: true);
        using (var over = Fd.Open(path, O_PATH | O_DIRECTORY))
        {
            DetachedMount.Attach(root, over, path);
        }

        // What is mounted below stays with this namespace's own.
        DetachedMount.SetAttributes(root, recursive: true, 0, 0, MS_PRIVATE, path);
        return new RootFd(root);
    }

    public static void Enter(RootFd root, Spec spec)
    {
        Check.Result(fchdir(root.Folder), "fchdir", "the root");
        Check.Result(chroot("."), "chroot");
        Check.Result(chdir("/"), "chdir", "/");
        if (spec.Root!.Readonly)
        {
            DetachedMount.SetAttributes(root.Folder, recursive: false, MOUNT_ATTR_RDONLY, 0, 0, "/");
        }
    }

    /// <summary>Does nothing where the mount, or the namespace it was in, is gone. On the main thread.</summary>
    public static void Remove(Spec spec, string bundlePath)
    {
        var path = PathOf(spec, bundlePath);
        if (Find(spec) is not { Path: { Length: > 0 } joined })
        {
            Unmount(path);
        }
        else if (File.Exists(joined))
        {
            using var target = Fd.Open(joined, O_RDONLY);
            UnmountIn(target, path);
        }
    }

    /// <summary>True when the last mount on the path shows the very folder it covers.</summary>
    internal static bool IsMountOfItself(string path, IReadOnlyList<MountInfo> mounts)
    {
        var last = mounts.Select(mount => mount.MountPoint).ToList().LastIndexOf(path);
        if (last < 0 || MountInfo.FindFor(path, [.. mounts.Take(last)]) is not { } below)
        {
            return false;
        }

        var top = mounts[last];
        var covered = path == below.MountPoint ? below.Root : Path.Join(below.Root, Path.GetRelativePath(below.MountPoint, path));
        return (below.Type, below.Source, covered) == (top.Type, top.Source, top.Root);
    }

    private static NamespaceSpec? Find(Spec spec) => spec.Linux?.Namespaces?.FirstOrDefault(item => item.Type == "mount");

    private static string PathOf(Spec spec, string bundlePath) => Path.GetFullPath(spec.Root!.Path, bundlePath);

    private static void Unmount(string path)
    {
        if (IsMountOfItself(path, MountInfo.Read()))
        {
            Check.Result(umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW), "umount2", path);
        }
    }

    private static void UnmountIn(SafeFileHandle mountNamespace, string path)
    {
        using var own = Fd.Open("/proc/self/ns/mnt", O_RDONLY);

        // Threads that share their root and working folder cannot change the namespace (setns(2)).
        Check.Result(unshare((int)CLONE_FS), "unshare(CLONE_FS)");
        Check.Result(setns(mountNamespace, (int)CLONE_NEWNS), "setns", "the mount namespace");
        try
        {
            Unmount(path);
        }
        finally
        {
            Check.Result(setns(own, (int)CLONE_NEWNS), "setns", "the own mount namespace");
        }
    }
}
