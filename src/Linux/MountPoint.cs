using static CriShim.Linux.LibC.Mount;

namespace CriShim.Linux;

/// <summary>Paths of this mount namespace on which something may be mounted. Throws <see cref="LinuxException"/>.</summary>
public static class MountPoint
{
    /// <summary>True where the path is the root of a mount: its mount is not its folder's. False where nothing is there.</summary>
    public static bool IsMounted(string path)
    {
        try
        {
            return FileStatus.Of(path).MountId != FileStatus.Of(Path.GetDirectoryName(path)!).MountId;
        }
        catch (LinuxException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR)
        {
            return false;
        }
    }

    /// <summary>
    /// Unmounts all that is mounted there, layer by layer, each as soon as nobody uses it (MNT_DETACH); nothing mounted, or nothing
    /// there, is fine. A symbolic link is not followed.
    /// </summary>
    public static void Clear(string path)
    {
        while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
        {
        }

        // EINVAL: not a mount point.
        if (Check.LastErrno is var errno && errno is not (Errno.EINVAL or Errno.ENOENT or Errno.ENOTDIR))
        {
            throw new LinuxException(errno, "umount2", path);
        }
    }
}
