using CriShim.Linux;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;
using static CriShim.Linux.LibC.Namespaces;

namespace CriShim.Runtime.Supervisor.Backends;

/// <summary>
/// The paths that another runtime needs where ours takes descriptors: attached in a mount namespace of the supervisor's own, which its
/// children have too. The host never sees them, and they are gone with the supervisor.
/// </summary>
internal static class OciRuntimeMounts
{
    private const string RootFolder = "rootfs";

    /// <param name="folder">The container's; its mount no longer sends mounts to the host, in this namespace.</param>
    /// <param name="mounts">As <see cref="CreateRequest"/> says.</param>
    public static void Attach(string folder, IReadOnlyList<SafeFileHandle> mounts)
    {
        Check.Result(unshare((int)CLONE_NEWNS), "unshare", "mount namespace");
        var around = MountInfo.FindFor(folder, MountInfo.Read())?.MountPoint ?? "/";
        Check.Result(mount(null, around, null, MS_SLAVE, null), "mount", $"propagation of {around}");
        for (var i = 0; i < mounts.Count; i++)
        {
            AttachAt(mounts[i], i == 0 ? Path.Combine(folder, RootFolder) : StateLayout.VolumeIn(folder, i - 1));
        }
    }

    private static void AttachAt(SafeFileHandle tree, string path)
    {
        if (FileStatus.Of(tree, path).IsFolder)
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            File.Create(path).Dispose();
        }

        using var target = Fd.Open(path, O_PATH | O_NOFOLLOW);
        DetachedMount.Attach(tree, target, path);
    }
}
