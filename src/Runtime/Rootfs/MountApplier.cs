using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;

namespace CriShim.Runtime.Rootfs;

/// <summary>One mount of the spec: made detached, attached to a target resolved by descriptor.</summary>
internal static class MountApplier
{
    private const string Proc = "/proc";

    // What may be bound over a file of procfs: values that programs read, nothing that acts.
    private static readonly string[] s_procFiles =
    [
        "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/loadavg",
        "/proc/slabinfo", "/proc/net/dev", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
    ];

    /// <param name="mount">Its destination is canonical.</param>
    /// <param name="source">Detached mount of what a bind mount shows; null: it is opened by the spec's path.</param>
    public static void Apply(MountContext context, MountSpec mount, SafeFileHandle? source)
    {
        var options = MountOptions.Parse(mount);
        try
        {
            if (options.IsBind)
            {
                Bind(context, mount, options, source);
            }
            else
            {
                MountNew(context, mount, options);
            }
        }
        catch (LinuxException e)
        {
            throw new LinuxException(e.Errno, $"mount \"{mount.Source ?? mount.Type}\" to \"{mount.Destination}\": {e.Call}", e.Subject);
        }
    }

    private static void MountNew(MountContext context, MountSpec mount, MountOptions options)
    {
        if (mount.Type is "cgroup" or "cgroup2")
        {
            CgroupMount.Apply(context, mount, options);
            return;
        }

        using var target = IsKernelFileSystem(mount.Type) || IsDev(mount)
            ? OrdinaryFolder(context.Root, mount.Destination)
            : context.Root.MakeFolders(mount.Destination);
        RefuseInsideProc(target, mount);
        using var made = Create(context, mount, options);
        if (options.CopyUp)
        {
            context.Cgroups.Enter();
            CopyUp.Fill(made, target);
        }

        DetachedMount.Attach(made, target, mount.Destination);
        if (options.CopyUp && options.Set != 0)
        {
            DetachedMount.SetAttributes(made, recursive: false, options.Set, 0);
        }

        ApplyPropagation(made, options);
    }

    private static SafeFileHandle Create(MountContext context, MountSpec mount, MountOptions options)
    {
        var fileSystem = TakesLabel(context, mount.Type) ? MountLabel.AddTo(options.FileSystem, context.Label) : options.FileSystem;
        try
        {
            return DetachedMount.Create(mount.Type ?? "none", mount.Source, fileSystem, options.CopyUp ? 0 : options.Set);
        }
        catch (LinuxException e) when (mount.Type == "devpts" && context.HasUserNamespace && e.Errno == Errno.EINVAL)
        {
            // The gid of tty may not be mapped in the user namespace.
            var withoutGid = fileSystem.Where(option => !option.StartsWith("gid=", StringComparison.Ordinal));
            return DetachedMount.Create("devpts", mount.Source, withoutGid, options.Set);
        }
    }

    /// <summary>
    /// procfs and sysfs have labels of their own for every file. In a user namespace the kernel takes one only for the file systems
    /// that such a namespace may mount with full rights (selinux_set_mnt_opts).
    /// </summary>
    private static bool TakesLabel(MountContext context, string? type) =>
        context.HasUserNamespace ? type is "tmpfs" or "devpts" or "ramfs" or "overlay" : type is not ("proc" or "sysfs");

    private static void Bind(MountContext context, MountSpec mount, MountOptions options, SafeFileHandle? source)
    {
        using var tree = source ?? DetachedMount.Clone(Path.GetFullPath(mount.Source ?? "", context.Setup.BundlePath), options.IsRecursiveBind);
        using var target = IsFolder(tree) ? context.Root.MakeFolders(mount.Destination) : context.Root.MakeFile(mount.Destination);
        RefuseInsideProc(target, mount, DetachedMount.FileSystemType(tree) == PROC_SUPER_MAGIC);
        SetAttributes(tree, options);
        DetachedMount.Attach(tree, target, mount.Destination);
        ApplyPropagation(tree, options);
        context.DevIsForeign |= IsDev(mount);
    }

    private static void SetAttributes(SafeFileHandle tree, MountOptions options)
    {
        SetOrKeepLocked(tree, recursive: false, options.Set, options.Clear);
        SetOrKeepLocked(tree, recursive: true, options.RecursiveSet, options.RecursiveClear);
    }

    /// <summary>In a user namespace the flags that came with the source are locked: they then stay, and only what makes it stricter is set.</summary>
    private static void SetOrKeepLocked(SafeFileHandle tree, bool recursive, ulong set, ulong clear)
    {
        if ((set | clear) == 0)
        {
            return;
        }

        try
        {
            DetachedMount.SetAttributes(tree, recursive, set, clear);
        }
        catch (LinuxException e) when (e.Errno == Errno.EPERM && clear != 0)
        {
            var strict = set & ~MOUNT_ATTR__ATIME;
            if (strict != 0)
            {
                DetachedMount.SetAttributes(tree, recursive, strict, 0);
            }
        }
    }

    private static void ApplyPropagation(SafeFileHandle tree, MountOptions options)
    {
        foreach (var (propagation, recursive) in options.Propagations)
        {
            DetachedMount.SetAttributes(tree, recursive, 0, 0, propagation);
        }
    }

    /// <summary>
    /// procfs and sysfs are what later steps trust, and /dev is filled by us: their targets must be folders of the root itself, not links
    /// that an image ships (CVE-2019-19921, CVE-2026-41579).
    /// </summary>
    private static SafeFileHandle OrdinaryFolder(RootFd root, string destination)
    {
        var existing = root.OpenIfPresent(destination, O_PATH | O_NOFOLLOW);
        if (existing is null)
        {
            return root.MakeFolders(destination);
        }

        if (IsFolder(existing))
        {
            return existing;
        }

        existing.Dispose();
        throw new LinuxException(Errno.ENOTDIR, "mount on an ordinary folder", destination);
    }

    private static void RefuseInsideProc(SafeFileHandle target, MountSpec mount, bool sourceIsProc = false)
    {
        var isProcItself = mount.Destination == Proc;
        var allowed = isProcItself ? mount.Type == "proc" || sourceIsProc : Array.IndexOf(s_procFiles, mount.Destination) >= 0;
        if ((isProcItself || DetachedMount.FileSystemType(target) == PROC_SUPER_MAGIC) && !allowed)
        {
            throw new RuntimeException(
                RuntimeErrorKind.InvalidArgument, $"mount \"{mount.Source ?? mount.Type}\" to \"{mount.Destination}\": nothing may cover a container's /proc");
        }
    }

    private static bool IsKernelFileSystem(string? type) => type is "proc" or "sysfs";

    private static bool IsDev(MountSpec mount) => mount.Destination == "/dev";

    private static bool IsFolder(SafeFileHandle fd) => (FileStat.Of(fd).stx_mode & S_IFMT) == S_IFDIR;
}
