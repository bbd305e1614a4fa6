using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Security;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.Signals;
using static CriShim.Linux.LibC.SyscallNumbers;

namespace CriShim.Runtime.Rootfs;

/// <summary>Maps the owners of bind mounts' files (mount_setattr(2), "ID-mapped mounts"). Mounts with the same map share a namespace.</summary>
internal sealed class IdMapper : IDisposable
{
    private IReadOnlyList<IdMapping> _users = [];
    private IReadOnlyList<IdMapping> _groups = [];
    private SafeFileHandle? _userNamespace;

    public static bool IsNeeded(MountSpec mount, MountOptions options) =>
        mount.UidMappings is { Count: > 0 } || mount.GidMappings is { Count: > 0 } || options.MapsIdsRecursively is not null;

    /// <summary>Does nothing to a mount without maps. Throws <see cref="LinuxException"/> where the file system cannot be ID-mapped.</summary>
    public void Apply(SafeFileHandle tree, MountSpec mount, MountOptions options)
    {
        if (!IsNeeded(mount, options))
        {
            return;
        }

        var users = mount.UidMappings ?? [];
        var groups = mount.GidMappings ?? [];

        if (_userNamespace is null || !users.SequenceEqual(_users) || !groups.SequenceEqual(_groups))
        {
            Dispose();
            _userNamespace = MakeUserNamespace(users, groups);
            (_users, _groups) = (users, groups);
        }

        DetachedMount.MapIds(tree, options.MapsIdsRecursively ?? false, _userNamespace, mount.Destination);
    }

    public void Dispose() => _userNamespace?.Dispose();

    /// <summary>A user namespace lives as long as a descriptor of it: a child makes it, waits on a pipe, and is ended.</summary>
    private static SafeFileHandle MakeUserNamespace(IReadOnlyList<IdMapping> users, IReadOnlyList<IdMapping> groups)
    {
        SafeFileHandle? fd = null;
        using var hold = PipePair.Create();
        using var program = new SyscallProgram();
        program
            .Call("wait for the maps", SYS_read, hold.Reader.DangerousGetHandle(), program.Bytes(new byte[1]), 1)
            .Call("end", SYS_exit_group, 0);
        using var holder = CloneExec.Start(program, new CloneOptions
        {
            Namespaces = CLONE_NEWUSER,
            OnCloned = pid =>
            {
                IdMappings.Write(pid, users, groups);
                fd = Fd.Open($"/proc/{pid}/ns/user", 0);
                Fd.WriteAll(hold.Writer, "0"u8);
            },
        });
        holder.PidFd.SendSignal(SIGKILL);
        holder.PidFd.Reap();
        return fd!;
    }
}
