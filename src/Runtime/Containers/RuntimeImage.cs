using CriShim.Linux;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Containers;

/// <summary>
/// This program's own file, through a mount of its own that is read-only and attached nowhere. A process in a container that gets hold of
/// /proc/PID/exe of an init can thus read our file but never write it (CVE-2019-5736), and no copy is made.
/// </summary>
internal static class RuntimeImage
{
    public static SafeFileHandle Open()
    {
        var own = Fd.Open("/proc/self/exe", O_PATH);
        if (DetachedMount.IsReadOnly(own))
        {
            // Started through such a mount already, or the whole file system is read-only.
            return own;
        }

        using (own)
        {
            var clone = DetachedMount.Clone(own, recursive: false, "/proc/self/exe");
            DetachedMount.SetAttributes(clone, recursive: false, MOUNT_ATTR_RDONLY, 0, 0, "/proc/self/exe");
            return clone;
        }
    }
}
