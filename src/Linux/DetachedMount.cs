using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Mount;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Linux;

/// <summary>
/// Mounts by descriptor (mount_setattr(2), fsopen and move_mount of linux/mount.h): made detached, attached to a target that is itself a
/// descriptor, so that no path is resolved twice. A mount that is never attached is gone with its descriptor.
/// Throws <see cref="LinuxException"/>.
/// </summary>
public static class DetachedMount
{
    /// <summary>Mounts a new file system.</summary>
    /// <param name="options">The file system's own: "name" or "name=value".</param>
    /// <param name="attributes">MOUNT_ATTR_….</param>
    public static SafeFileHandle Create(string type, string? source, IEnumerable<string> options, ulong attributes)
    {
        using var context = Handle(fsopen(SYS_fsopen, type, FSOPEN_CLOEXEC), "fsopen", type);
        if (!string.IsNullOrEmpty(source))
        {
            Configure(context, FSCONFIG_SET_STRING, "source", source, type);
        }

        foreach (var option in options)
        {
            var equals = option.IndexOf('=');
            if (equals < 0)
            {
                Configure(context, FSCONFIG_SET_FLAG, option, null, type);
            }
            else
            {
                Configure(context, FSCONFIG_SET_STRING, option[..equals], option[(equals + 1)..], type);
            }
        }

        Configure(context, FSCONFIG_CMD_CREATE, null, null, type);
        return Handle(fsmount(SYS_fsmount, context, FSMOUNT_CLOEXEC, (uint)attributes), "fsmount", type);
    }

    /// <summary>A clone of the mount at a path, links followed: what a bind mount starts with.</summary>
    public static SafeFileHandle Clone(string path, bool recursive) =>
        Handle(open_tree(SYS_open_tree, AT_FDCWD, path, CloneFlags(recursive)), "open_tree", path);

    /// <summary>A clone of the mount that an open file or folder is on, with it as root.</summary>
    public static SafeFileHandle Clone(SafeFileHandle fd, bool recursive, string? subject = null) =>
        Handle(open_tree(SYS_open_tree, fd, "", CloneFlags(recursive) | AT_EMPTY_PATH), "open_tree", subject);

    /// <summary>Attaches it on top of what the target descriptor names.</summary>
    public static void Attach(SafeFileHandle mount, SafeFileHandle target, string? subject = null) => Check.Result(
        move_mount(SYS_move_mount, mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH), "move_mount", subject);

    /// <summary>mount_setattr(2) on the mount itself. The descriptor must be the mount's root.</summary>
    /// <param name="propagation">MS_PRIVATE and the like, or 0 to leave it.</param>
    public static void SetAttributes(
        SafeFileHandle mount, bool recursive, ulong set, ulong clear, ulong propagation = 0, string? subject = null)
    {
        var attributes = new mount_attr { attr_set = set, attr_clr = clear, propagation = propagation };
        Apply(mount, recursive, attributes, subject);
    }

    /// <summary>As nothing that is opened through it can be written then.</summary>
    public static void MakeReadOnly(SafeFileHandle mount, string? subject = null) =>
        SetAttributes(mount, recursive: false, MOUNT_ATTR_RDONLY, 0, subject: subject);

    /// <summary>Maps the owners of files by a user namespace (an idmapped mount). Before the mount is attached.</summary>
    public static void MapIds(SafeFileHandle mount, bool recursive, SafeFileHandle userNamespace, string? subject = null)
    {
        var attributes = new mount_attr { attr_set = MOUNT_ATTR_IDMAP, userns_fd = (ulong)userNamespace.DangerousGetHandle() };
        Apply(mount, recursive, attributes, subject);
    }

    /// <summary>Magic number of the file system that the file lies on (statfs(2)).</summary>
    public static long FileSystemType(SafeFileHandle fd) => StatFs(fd).f_type;

    /// <summary>True when the file lies on a read-only mount or file system.</summary>
    public static bool IsReadOnly(SafeFileHandle fd) => (StatFs(fd).f_flags & ST_RDONLY) != 0;

    private static statfs_t StatFs(SafeFileHandle fd)
    {
        Check.Result(fstatfs(fd, out var info), "fstatfs");
        return info;
    }

    private static unsafe void Apply(SafeFileHandle mount, bool recursive, in mount_attr attributes, string? subject) => Check.Result(
        mount_setattr(
            SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (recursive ? (uint)AT_RECURSIVE : 0), attributes, sizeof(mount_attr)),
        "mount_setattr",
        subject);

    private static void Configure(SafeFileHandle context, uint command, string? key, string? value, string type) => Check.Result(
        fsconfig(SYS_fsconfig, context, command, key, value, 0),
        "fsconfig",
        key is null ? type : value is null ? $"{type} option {key}" : $"{type} option {key}={value}");

    private static uint CloneFlags(bool recursive) => OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? (uint)AT_RECURSIVE : 0);

    private static SafeFileHandle Handle(nint result, string call, string? subject) =>
        new((nint)Check.Result(result, call, subject), ownsHandle: true);

}
