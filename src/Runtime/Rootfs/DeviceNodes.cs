using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Rootfs;

/// <summary>The devices and links every container has (config-linux.md, "Default Devices"), and the spec's.</summary>
internal static class DeviceNodes
{
    private const uint DefaultMode = 0b110_110_110;

    private static readonly DeviceSpec[] s_default =
    [
        Character("/dev/null", 1, 3), Character("/dev/zero", 1, 5), Character("/dev/full", 1, 7), Character("/dev/random", 1, 8),
        Character("/dev/urandom", 1, 9), Character("/dev/tty", 5, 0),
    ];

    private static readonly (string Name, string Target)[] s_links =
    [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2"),
        ("ptmx", "pts/ptmx"),
    ];

    /// <summary>Those that a container has whose spec names <paramref name="devices"/>.</summary>
    public static IEnumerable<DeviceSpec> All(IReadOnlyList<DeviceSpec> devices)
    {
        var given = devices.Select(device => device.Path).ToHashSet(StringComparer.Ordinal);
        return s_default.Where(device => !given.Contains(device.Path)).Concat(devices);
    }

    /// <param name="bind">Bind the host's nodes: mknod is not permitted in a user namespace.</param>
    public static void Make(RootFd root, IReadOnlyList<DeviceSpec> devices, bool bind)
    {
        foreach (var device in All(devices))
        {
            MakeNode(root, device, bind);
        }

        using var dev = root.MakeFolders("/dev");
        foreach (var (name, target) in s_links)
        {
            Link(dev, name, target);
        }

        if (File.Exists("/proc/kcore"))
        {
            Link(dev, "core", "/proc/kcore");
        }
    }

    /// <summary>Binds a device that an open descriptor names over a file at the path, made if missing.</summary>
    public static void BindOver(RootFd root, string path, SafeFileHandle device)
    {
        using var tree = DetachedMount.Clone(device, recursive: false, path);
        using var target = root.MakeFile(path);
        DetachedMount.Attach(tree, target, path);
    }

    private static void MakeNode(RootFd root, DeviceSpec device, bool bind)
    {
        if (bind)
        {
            using var host = Fd.Open(device.Path, O_PATH | O_NOFOLLOW);
            BindOver(root, device.Path, host);
            return;
        }

        var (folder, name) = root.MakeParent(device.Path);
        using (folder)
        {
            var mode = (device.FileMode ?? DefaultMode) & 0xFFF;
            if (!Check.Tolerate(mknodat(folder, name, TypeBits(device) | mode, Number(device)), Errno.EEXIST, "mknodat", device.Path))
            {
                RequireSame(folder, device, name);
            }

            Check.Result(fchownat(folder, name, device.Uid ?? 0, device.Gid ?? 0, AT_SYMLINK_NOFOLLOW), "fchownat", device.Path);
        }
    }

    /// <summary>A node that is there already will do when it is the same device; anything else the image put there will not.</summary>
    private static void RequireSame(SafeFileHandle folder, DeviceSpec device, string name)
    {
        using var existing = Fd.OpenAt(folder, name, O_PATH | O_NOFOLLOW);
        var info = FileStat.Of(existing);
        if ((info.stx_mode & S_IFMT) != TypeBits(device) || makedev(info.stx_rdev_major, info.stx_rdev_minor) != Number(device))
        {
            throw new LinuxException(Errno.EEXIST, "mknodat", device.Path);
        }
    }

    private static void Link(SafeFileHandle dev, string name, string target) =>
        Check.Tolerate(symlinkat(target, dev, name), Errno.EEXIST, "symlinkat", "/dev/" + name);

    private static ulong Number(DeviceSpec device) => device.Type == "p" ? 0 : makedev((uint)device.Major, (uint)device.Minor);

    private static uint TypeBits(DeviceSpec device) => device.Type switch
    {
        "c" or "u" => S_IFCHR,
        "b" => S_IFBLK,
        "p" => S_IFIFO,
        _ => throw new LinuxException(Errno.EINVAL, "mknodat", $"{device.Path}: device type \"{device.Type}\""),
    };

    private static DeviceSpec Character(string path, long major, long minor) => new() { Path = path, Type = "c", Major = major, Minor = minor };
}
