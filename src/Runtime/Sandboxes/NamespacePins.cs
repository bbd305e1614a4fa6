using CriShim.Linux;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Rootfs;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Sandboxes;

/// <summary>Bind mounts of namespace files, in the host's mount namespace: a namespace lives as long as its pin (namespaces(7)).</summary>
internal static class NamespacePins
{
    public static void Make(SandboxRequest request, SandboxProcess? process)
    {
        var made = new Stack<string>();
        try
        {
            foreach (var (type, path) in request.Pins)
            {
                using var source = process is null ? Fd.Open($"/proc/thread-self/ns/{type}", O_RDONLY) : null;
                Pin(source ?? process!.Namespace(type), path);
                made.Push(path);
            }

            if (request.SharedMemoryPath is { } path2)
            {
                MountSharedMemory(path2, request.SharedMemoryBytes, request.MountLabel);
            }
        }
        catch
        {
            while (made.TryPop(out var path))
            {
                _ = umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
                File.Delete(path);
            }

            throw;
        }
    }

    private static void Pin(SafeFileHandle source, string path)
    {
        using var tree = DetachedMount.Clone(source, recursive: false, path);
        using var target = Fd.Open(path, O_RDONLY | O_CREAT | O_NOFOLLOW, 0b100_100_100);
        DetachedMount.Attach(tree, target, path);
    }

    private static void MountSharedMemory(string path, long bytes, string? label)
    {
        Directory.CreateDirectory(path);
        using var memory = DetachedMount.Create(
            "tmpfs", "shm", MountLabel.AddTo(["mode=1777", $"size={bytes}"], label), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        using var target = Fd.Open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
        DetachedMount.Attach(memory, target, path);
    }
}
