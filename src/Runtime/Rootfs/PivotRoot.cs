using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;
using static CriShim.Linux.LibC.Processes;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Rootfs;

/// <summary>Makes the container's tree the root of its mount namespace, and lets go of the host's.</summary>
internal static class PivotRoot
{
    /// <summary>
    /// Old and new root at the same place (pivot_root(2), "pivot_root(".", ".")"): no folder is needed for the old one, which is then on
    /// top and detached.
    /// </summary>
    public static void Enter(RootFd root, bool noPivot)
    {
        using var old = Fd.Open("/", O_PATH | O_DIRECTORY);
        Check.Result(fchdir(root.Folder), "fchdir", "the root");
        if (noPivot)
        {
            Check.Result(mount(".", "/", null, MS_MOVE, null), "mount", "the root over /");
            Check.Result(chroot("."), "chroot");
        }
        else
        {
            Check.Result(pivot_root(SYS_pivot_root, ".", "."), "pivot_root");

            // Private first, or the unmounting would reach the host. "." is still the new root: made a slave, it would give nothing back.
            Check.Result(fchdir(old), "fchdir", "the old root");
            Check.Result(mount(null, ".", null, MS_SLAVE | MS_REC, null), "mount", "propagation of the old root");
            Check.Result(umount2(".", MNT_DETACH), "umount2", "the old root");
        }

        Check.Result(chdir("/"), "chdir", "/");
    }

    /// <summary>What the spec says of the root mount, once everything is in place.</summary>
    public static void Finish(RootFd root, Spec spec)
    {
        if (spec.Root!.Readonly)
        {
            DetachedMount.SetAttributes(root.Folder, recursive: false, MOUNT_ATTR_RDONLY, 0, 0, "/");
        }

        if (MountOptions.FindPropagation(spec.Linux?.RootfsPropagation ?? "") is { Propagation: not MS_PRIVATE } wanted)
        {
            Check.Result(mount(null, "/", null, wanted.Propagation | (wanted.Recursive ? MS_REC : 0), null), "mount", "propagation of /");
        }
    }
}
