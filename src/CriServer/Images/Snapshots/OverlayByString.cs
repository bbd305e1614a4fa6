using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Mount;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.Processes;

namespace CriShim.CriServer.Images.Snapshots;

/// <summary>
/// An overlay the way kernels before 6.5 take it: one option string of at most a page, by mount(2), because fsconfig(2) takes 256 bytes
/// per option. The mount shows in the host's table for the moment between mount and detaching.
/// </summary>
/// <remarks>
/// For all layers to fit, each is but the number of its descriptor: the calling thread works in /proc/self/fd, with a working folder apart
/// from the process's (unshare(2), CLONE_FS). It is a thread of its own that ends with the mount.
/// </remarks>
internal static class OverlayByString
{
    private const string MountPointName = "mount";
    private const string DescriptorFolder = "/proc/self/fd";

    /// <param name="options">Folders in them are numbers of descriptors.</param>
    public static SafeFileHandle Mount(string folder, IReadOnlyList<string> options)
    {
        var target = Path.Combine(folder, MountPointName);
        Directory.CreateDirectory(target);
        RunApart(() => Check.Result(mount("overlay", target, "overlay", 0, string.Join(',', options)), "mount", "overlay"));
        try
        {
            return DetachedMount.Clone(target, recursive: false);
        }
        finally
        {
            Check.Result(umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW), "umount2", target);
        }
    }

    private static void RunApart(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Check.Result(unshare((int)CLONE_FS), "unshare");
                Check.Result(chdir(DescriptorFolder), "chdir", DescriptorFolder);
                action();
            }
            catch (IOException e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            throw new IOException(failure.Message, failure);
        }
    }
}
