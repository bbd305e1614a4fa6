using CriShim.Cgroups;
using CriShim.Cri.V1;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Specs;

/// <summary>
/// Where our cgroups lie, in the way of the cgroup driver: the kubelet's must be the same. Names hold the id behind the last '-': kubelet
/// and cAdvisor rely on it. A driver changed while pods live finds their containers (the path is recorded), but not the pod's own cgroup.
/// </summary>
internal abstract class CgroupPaths
{
    /// <summary>What <c>runtime.cgroupDriver</c> may be.</summary>
    public const string FolderDriver = "cgroupfs";

    /// <inheritdoc cref="FolderDriver"/>
    public const string SystemdDriver = "systemd";

    protected const string Name = "crishim";

    public abstract CgroupDriver Driver { get; }

    /// <summary>Parent of the pods for which the client gives none.</summary>
    public abstract string Root { get; }

    /// <exception cref="CriException">The machine has not what the driver needs.</exception>
    public static CgroupPaths For(string driver, CgroupMode mode) => (driver, mode) switch
    {
        (SystemdDriver, CgroupMode.Unified) => new SystemdCgroupPaths(),
        (SystemdDriver, _) => throw new CriException(
            CriErrorKind.FailedPrecondition, "runtime.cgroupDriver: systemd needs a machine with cgroup v2 alone"),
        _ => new FolderCgroupPaths(),
    };

    /// <exception cref="CriException">InvalidArgument: the client's parent is not of the driver's form, or leads elsewhere.</exception>
    public void Check(PodSandboxConfig config)
    {
        if (config.Linux?.CgroupParent is { Length: > 0 } asked && Problem(asked) is { } problem)
        {
            throw CriException.InvalidArgument($"linux.cgroup_parent \"{TextRules.Printable(asked)}\" {problem}");
        }
    }

    /// <summary>The OCI spec's cgroupsPath.</summary>
    public string ForContainer(PodSandboxConfig config, string sandboxId, string containerId) => Below(Parent(config, sandboxId), containerId);

    /// <summary>Of the pod's own process, where it has one.</summary>
    public string ForSandbox(PodSandboxConfig config, string sandboxId) => Below(Parent(config, sandboxId), sandboxId);

    /// <summary>The parent that belongs to us and is removed with the sandbox; null where the client gave one.</summary>
    public string? OwnParent(PodSandboxConfig config, string sandboxId) => IsAsked(config) ? null : Parent(config, sandboxId);

    protected abstract string OwnParent(string sandboxId);

    /// <param name="asked">The client's parent, which <see cref="Check"/> has passed.</param>
    protected abstract string AskedParent(string asked);

    protected abstract string Below(string parent, string id);

    /// <summary>What is wrong with the client's parent, or null.</summary>
    protected abstract string? Problem(string asked);

    private static bool IsAsked(PodSandboxConfig config) => !string.IsNullOrEmpty(config.Linux?.CgroupParent);

    private string Parent(PodSandboxConfig config, string sandboxId) =>
        IsAsked(config) ? AskedParent(config.Linux.CgroupParent) : OwnParent(sandboxId);
}
