using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Rootfs;

/// <summary>
/// Hides and freezes parts of the tree. The target is opened once and mounted on by descriptor; what is mounted is a null device that we
/// opened and looked at ourselves, never a path that could have been exchanged (CVE-2025-31133). Paths that are not there are no matter.
/// </summary>
internal static class MaskedPaths
{
    /// <summary>Files read as empty, folders as empty read-only ones.</summary>
    /// <param name="label">SELinux context of the empty folders; null: none.</param>
    public static void Mask(RootFd root, IReadOnlyList<string> paths, string? label)
    {
        if (paths.Count == 0)
        {
            return;
        }

        using var devNull = OpenDevNull();

        // The first one attached is what the others are clones of: a mount that stayed detached would cost a wait when it is closed.
        SafeFileHandle? empty = null;
        foreach (var path in paths)
        {
            using var target = root.OpenIfPresent(path, O_PATH);
            if (target is null)
            {
                continue;
            }

            var isFolder = (FileStat.Of(target).stx_mode & S_IFMT) == S_IFDIR;
            var cover = !isFolder ? DetachedMount.Clone(devNull, recursive: false, path)
                : empty is null ? EmptyFolder(label)
                : DetachedMount.Clone(empty, recursive: false, path);
            DetachedMount.Attach(cover, target, path);
            if (isFolder && empty is null)
            {
                empty = cover;
            }
            else
            {
                cover.Dispose();
            }
        }

        empty?.Dispose();
    }

    /// <summary>With everything mounted below.</summary>
    public static void MakeReadonly(RootFd root, IReadOnlyList<string> paths)
    {
        foreach (var path in paths)
        {
            using var target = root.OpenIfPresent(path, O_PATH);
            if (target is null)
            {
                continue;
            }

            using var tree = DetachedMount.Clone(target, recursive: true, path);
            DetachedMount.SetAttributes(tree, recursive: true, MOUNT_ATTR_RDONLY, 0, 0, path);
            DetachedMount.Attach(tree, target, path);
        }
    }

    private static SafeFileHandle EmptyFolder(string? label) => DetachedMount.Create(
        "tmpfs", "tmpfs", MountLabel.AddTo(["nr_inodes=2"], label), MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

    private static SafeFileHandle OpenDevNull()
    {
        var fd = Fd.Open("/dev/null", O_PATH | O_NOFOLLOW);
        var info = FileStat.Of(fd);
        if ((info.stx_mode & S_IFMT) == S_IFCHR && (info.stx_rdev_major, info.stx_rdev_minor) == (1u, 3u))
        {
            return fd;
        }

        fd.Dispose();
        throw new LinuxException(Errno.ENODEV, "open", "/dev/null");
    }
}
