using CriShim.Cgroups.V2;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V1;

/// <summary>Hands each part of the resources to its controller. A setting whose controller is not mounted is an error.</summary>
/// <param name="folderOf">The cgroup in the v1 hierarchy that carries a controller, or null.</param>
/// <param name="open">The cgroup's folder with this path, for writing.</param>
/// <param name="unified">On a hybrid, the folder in the cgroup2 hierarchy: it may carry hugetlb, and knows devices by program.</param>
internal sealed class V1Resources(Func<string, ControlFolder?> folderOf, Func<string, ControlFolder> open, CgroupFolder? unified)
{
    /// <param name="inUse">False for a cgroup just created.</param>
    public void Apply(ResourcesSpec resources, bool inUse)
    {
        if (resources.Unified is { Count: > 0 })
        {
            throw new CgroupException("failed to apply resources: unified is for cgroup v2, which this machine does not use", Errno.EINVAL);
        }

        ApplyCpu(resources.Cpu, inUse);
        if (resources.Memory is { } memory && memory != new MemorySpec())
        {
            V1.MemoryController.Apply(Required("memory"), memory, inUse);
        }

        if (resources.Pids is { } pids)
        {
            PidsController.Apply(Required("pids"), pids);
        }

        if (resources.BlockIO is { } io && io != new BlockIoSpec())
        {
            BlkioController.Apply(Required("blkio"), io);
        }

        ApplyNetwork(resources.Network);
        if (resources.Rdma is { Count: > 0 } rdma)
        {
            RdmaController.Apply(Required("rdma"), rdma);
        }

        if (resources.HugepageLimits is { Count: > 0 } pages)
        {
            ApplyHugetlb(pages);
        }

        ApplyDevices(resources.Devices, inUse);
    }

    private void ApplyCpu(CpuSpec? cpu, bool inUse)
    {
        if (cpu is null)
        {
            return;
        }

        if (cpu with { Cpus = null, Mems = null } != new CpuSpec())
        {
            V1.CpuController.Apply(Required("cpu"), cpu);
        }

        // A new cgroup's cpuset has been given before anything else.
        if (inUse && !(string.IsNullOrEmpty(cpu.Cpus) && string.IsNullOrEmpty(cpu.Mems)))
        {
            V1.CpusetController.Apply(Required("cpuset"), cpu);
        }
    }

    private void ApplyNetwork(NetworkSpec? network)
    {
        if (network?.ClassID is { } classId)
        {
            NetworkControllers.ApplyClass(Required("net_cls"), classId);
        }

        if (network?.Priorities is { Count: > 0 } priorities)
        {
            NetworkControllers.ApplyPriorities(Required("net_prio"), priorities);
        }
    }

    // Kubelet sends a limit of 0 for every page size of the node: without the controller that is no reason to fail.
    private void ApplyHugetlb(IReadOnlyList<HugepageLimitSpec> pages)
    {
        if (folderOf("hugetlb") is { } folder)
        {
            V1.HugetlbController.Apply(folder, pages);
        }
        else if (unified is not null && ControllerSet.Available(unified.MountPoint).Contains("hugetlb"))
        {
            new ControllerSet(unified.MountPoint).Enable(unified.Path, ["hugetlb"]);
            V2Resources.ApplyHugetlb(open(unified.Path), pages);
        }
        else if (pages.Any(page => page.Limit > 0))
        {
            Required("hugetlb");
        }
    }

    private void ApplyDevices(IReadOnlyList<DeviceRuleSpec>? rules, bool inUse)
    {
        if (rules is null)
        {
            return;
        }

        if (unified is not null && folderOf("devices") is null)
        {
            V2.DevicesController.Apply(unified.Path, rules, inUse);
        }
        else if (inUse)
        {
            V1.DevicesController.Update(Required("devices"), rules);
        }
        else
        {
            V1.DevicesController.ApplyFirst(Required("devices"), rules);
        }
    }

    private ControlFolder Required(string controller) => folderOf(controller)
        ?? throw new CgroupException($"failed to apply resources: controller {controller} is not mounted", Errno.ENOENT);
}
