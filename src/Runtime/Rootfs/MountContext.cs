using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Init;

namespace CriShim.Runtime.Rootfs;

/// <summary>What the mounts of one container have in common.</summary>
internal sealed class MountContext(RootFd root, InitSetup setup, Spec spec)
{
    public RootFd Root { get; } = root;

    /// <summary>SELinux context of file systems that are made for the container; null: the kernel's choice.</summary>
    public string? Label { get; } = string.IsNullOrEmpty(spec.Linux?.MountLabel) ? null : spec.Linux.MountLabel;

    public InitSetup Setup { get; } = setup;

    public bool HasCgroupNamespace { get; } = Has(spec, "cgroup");

    public bool HasUserNamespace { get; } = Has(spec, "user");

    /// <summary>/dev is the host's or a volume: nothing is made in it.</summary>
    public bool DevIsForeign { get; set; }

    private static bool Has(Spec spec, string type) => spec.Linux?.Namespaces?.Any(item => item.Type == type) ?? false;
}
