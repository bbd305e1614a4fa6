using CriShim.Cgroups;
using CriShim.Cgroups.Resctrl;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using CriShim.Runtime.Rootfs;

namespace CriShim.Runtime.Containers;

/// <summary>Removes what a container leaves behind once its init has ended.</summary>
internal static class ContainerDeleter
{
    private static readonly TimeSpan s_killLimit = TimeSpan.FromSeconds(10);

    /// <inheritdoc cref="Delete(string, string, Spec, ICgroupManager)"/>
    public static IReadOnlyList<RuntimeException> Delete(CreatedContainer container) =>
        Delete(container.Id, container.BundlePath, container.Spec, container.Cgroup);

    /// <summary>
    /// Kills what still runs in the cgroup, removes it, its resctrl group and what was mounted for others to see, and runs the poststop hooks.
    /// Succeeds when all that is gone already. Returns the failures of hooks.
    /// </summary>
    public static IReadOnlyList<RuntimeException> Delete(string id, string bundlePath, Spec spec, ICgroupManager cgroup)
    {
        if (cgroup.Exists())
        {
            if (cgroup.IsPopulated())
            {
                cgroup.Kill();
                cgroup.WaitEmpty(s_killLimit);
            }

            cgroup.Remove();
        }

        ResctrlGroup.Remove(id, spec.Linux?.IntelRdt);

        if (SharedMounts.AreUsedBy(spec))
        {
            SharedMounts.Remove(spec, bundlePath);
        }

        return Hooks.RunAll(spec.Hooks?.Poststop, "poststop", Hooks.StateOf(id, bundlePath, spec, 0, "stopped"));
    }
}
