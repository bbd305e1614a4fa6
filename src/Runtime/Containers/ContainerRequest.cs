using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Containers;

/// <summary>A container to make. The caller keeps all descriptors and closes them afterwards.</summary>
/// <param name="BundlePath">Absolute path of the folder with config.json.</param>
/// <param name="Spec">What config.json says, as read by <see cref="SpecReader"/>.</param>
internal sealed record ContainerRequest(string Id, string BundlePath, Spec Spec)
{
    public required SafeFileHandle Stdin { get; init; }

    public required SafeFileHandle Stdout { get; init; }

    public required SafeFileHandle Stderr { get; init; }

    /// <summary>A detached mount to use as root; null: the spec's root path.</summary>
    public SafeFileHandle? Rootfs { get; init; }

    /// <summary>Detached mounts that stand for what the spec's mounts have as their source, by that source.</summary>
    public IReadOnlyDictionary<string, SafeFileHandle> Volumes { get; init; } = new Dictionary<string, SafeFileHandle>();

    /// <summary>
    /// A listening socket: the init takes the order to start from whoever connects, not from the process that made it
    /// (`create` and `start` are two processes). Null: <see cref="CreatedContainer.Start"/> gives it.
    /// </summary>
    public SeqPacketSocket? Gate { get; init; }

    /// <summary>
    /// The order to start is given ahead, when all that the caller does beside is done: the init need not wait for an answer at its gate.
    /// <see cref="CreatedContainer.Start"/> tells how it went. Not together with a <see cref="Gate"/>.
    /// </summary>
    public bool StartsAtOnce { get; init; }

    /// <summary>Descriptors that the user's program gets as 3, 4, ….</summary>
    public IReadOnlyList<SafeFileHandle> PreservedFds { get; init; } = [];

    /// <summary>
    /// Called while the init, given with its start time, builds the container: what the caller has to do anyway costs no time here. When it
    /// throws, the container is undone.
    /// </summary>
    public Action<ClonedProcess, ulong>? WhileInitWorks { get; init; }

    /// <summary>Where compiled seccomp profiles are kept; null: nowhere.</summary>
    public string? SeccompCacheFolder { get; init; }

    /// <summary>Hooks that this process runs while the init waits before pivot_root.</summary>
    public bool HasCreatorHooks => Spec.Hooks is { } hooks && (hooks.Prestart?.Count > 0 || hooks.CreateRuntime?.Count > 0);

    /// <summary>The cgroup, as <see cref="Cgroups.CgroupManagerFactory.Open"/> takes it.</summary>
    public required string CgroupPath { get; init; }

    /// <summary>
    /// How many of the first <see cref="PreservedFds"/> are sockets that a service manager passed: the user's program is told of them as
    /// sd_listen_fds(3) reads it.
    /// </summary>
    public int ListenFds { get; init; }

    /// <summary>pivot_root(2) is not possible (the root is a ramfs): move the mount and chroot.</summary>
    public bool NoPivot { get; init; }

    /// <summary>Leave the session keyring alone.</summary>
    public bool NoNewKeyring { get; init; }
}
