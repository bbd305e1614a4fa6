using CriShim.Cgroups;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Containers;
using Microsoft.Win32.SafeHandles;

namespace CriShim.Runtime.Init;

/// <summary>What an init works with: it is a copy of its creator, so this is what that had ready at the clone. Descriptors are of the same numbers.</summary>
/// <param name="Channel">The init's end.</param>
/// <param name="Mounts">Root and sources that were opened outside.</param>
internal sealed record InitSetup(ContainerRequest Request, InitChannel Channel, OutsideMounts Mounts)
{
    public string BundlePath => Request.BundlePath;

    public Spec Spec => Request.Spec;

    /// <summary>BPF of the seccomp profile; empty: none.</summary>
    public required byte[] Seccomp { get; init; }

    /// <summary>Connection to the seccomp agent, where the filter has a listener.</summary>
    public SafeFileHandle? Agent { get; init; }

    /// <summary>The machine's hierarchies with the container's own path in each, for mounts of type cgroup.</summary>
    public required IReadOnlyList<CgroupFolder> Cgroups { get; init; }

    /// <summary>All that it may use of what was its creator's, stdio apart.</summary>
    public IReadOnlyList<SafeFileHandle> Descriptors()
    {
        var kept = new List<SafeFileHandle> { Channel.Handle };
        foreach (var fd in new[] { Mounts.Rootfs, Request.Gate?.Handle, Agent })
        {
            if (fd is not null)
            {
                kept.Add(fd);
            }
        }

        kept.AddRange(Mounts.Sources.Values);
        kept.AddRange(Request.PreservedFds);
        return kept;
    }
}
