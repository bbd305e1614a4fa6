using CriShim.Cgroups;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Containers;

/// <summary>A process to start in a container. The caller keeps all descriptors.</summary>
/// <param name="InitPid">The container init, as this process's PID namespace sees it.</param>
internal sealed record ContainerExecRequest(int InitPid, PidFd InitPidFd, ProcessSpec Process, ICgroupManager Cgroup)
{
    /// <summary>The container that it joins.</summary>
    public required ExecContainer Container { get; init; }

    public required SafeFileHandle Stdin { get; init; }

    public required SafeFileHandle Stdout { get; init; }

    public required SafeFileHandle Stderr { get; init; }

    /// <summary>The v2 leaf the process is born in, or null: the container's own cgroup.</summary>
    public CgroupLeaf? Leaf { get; init; }

    /// <summary>Cgroups below the container's own to be in instead (<see cref="SubCgroupJoin"/>).</summary>
    public IReadOnlyList<string> SubCgroups { get; init; } = [];

    /// <summary>Descriptors that the program gets as 3, 4, ….</summary>
    public IReadOnlyList<SafeFileHandle> PreservedFds { get; init; } = [];

    /// <summary>The container's root is not the root of its mount namespace (<see cref="Rootfs.SharedMounts"/>).</summary>
    public bool IsChroot { get; init; }

    /// <summary>Name of the container's session keyring (<see cref="SessionKeyring"/>), or null.</summary>
    public string? Keyring { get; init; }

    /// <summary>The container's compiled seccomp profile (<see cref="Security.SeccompProfile"/>); empty: none.</summary>
    public byte[] Seccomp { get; init; } = [];
}

/// <summary>What a container was made from.</summary>
internal sealed record ExecContainer(string Id, string BundlePath, Spec Spec);
