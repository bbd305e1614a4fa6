using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Init;

namespace CriShim.Runtime.Rootfs;

/// <summary>What the mounts of one container have in common.</summary>
/// <param name="cgroups">To be entered before a mount shows them, or uses memory that is to be the container's.</param>
internal sealed class MountContext(RootFd root, InitSetup setup, CgroupEntry cgroups)
{
    public RootFd Root { get; } = root;

    public CgroupEntry Cgroups { get; } = cgroups;

    /// <summary>SELinux context of file systems that are made for the container; null: the kernel's choice.</summary>
    public string? Label { get; } = string.IsNullOrEmpty(setup.Spec.Linux?.MountLabel) ? null : setup.Spec.Linux.MountLabel;

    public InitSetup Setup { get; } = setup;

    public bool HasCgroupNamespace { get; } = Has(setup.Spec, "cgroup");

    public bool HasUserNamespace { get; } = Has(setup.Spec, "user");

    /// <summary>/dev is the host's or a volume: nothing is made in it.</summary>
    public bool DevIsForeign { get; set; }

    private static bool Has(Spec spec, string type) => spec.Linux?.Namespaces?.Any(item => item.Type == type) ?? false;
}
