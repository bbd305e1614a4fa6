using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>
/// An overlay the way kernels before 6.5 take it: one option string of at most a page, by mount(2), because fsconfig(2) takes 256 bytes
/// per option. The mount shows in the host's table for the moment between mount and detaching.
/// </summary>
internal static class OverlayByString
{
    private const string MountPointName = "mount";

    public static SafeFileHandle Mount(string folder, IReadOnlyList<string> options)
    {
        var target = Path.Combine(folder, MountPointName);
        Directory.CreateDirectory(target);
        Check.Result(mount("overlay", target, "overlay", 0, string.Join(',', options)), "mount", "overlay");
        try
        {
            return DetachedMount.Clone(target, recursive: false);
        }
        finally
        {
            Check.Result(umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW), "umount2", target);
        }
    }
}
