using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Cgroups.V2;

/// <summary>
/// Hands each part of the resources to its controller. Realtime limits and the network controllers exist in v1 only: whoever asks for them
/// gets an error, not a container without them.
/// </summary>
internal static class V2Resources
{
    /// <param name="inUse">False for a cgroup just created, which has no device program yet.</param>
    public static void Apply(ControlFolder folder, ResourcesSpec resources, bool inUse)
    {
        RequireNone(resources.Cpu?.RealtimeRuntime is not (null or 0) || resources.Cpu?.RealtimePeriod is > 0, "cpu.rt_runtime_us");
        RequireNone(resources.Network?.ClassID is > 0, "net_cls.classid");
        RequireNone(resources.Network?.Priorities is { Count: > 0 }, "net_prio.ifpriomap");
        if (resources.Cpu is { } cpu)
        {
            CpuController.Apply(folder, cpu);
            CpusetController.Apply(folder, cpu);
        }

        if (resources.Memory is { } memory)
        {
            MemoryController.Apply(folder, memory);
        }

        if (resources.Pids is { } pids)
        {
            PidsController.Apply(folder, pids);
        }

        if (resources.BlockIO is { } io)
        {
            IoController.Apply(folder, io);
        }

        if (resources.HugepageLimits is { Count: > 0 } pages)
        {
            ApplyHugetlb(folder, pages);
        }

        if (resources.Rdma is { Count: > 0 } rdma)
        {
            RdmaController.Apply(folder, rdma);
        }

        if (resources.Devices is { } devices)
        {
            DevicesController.Apply(folder.Path, devices, inUse);
        }

        if (resources.Unified is { Count: > 0 } unified)
        {
            UnifiedSettings.Apply(folder, unified);
        }
    }

    /// <summary>
    /// Kubelet sends a limit of 0 for every page size of the node: without the controller that is no reason to fail.
    /// </summary>
    public static void ApplyHugetlb(ControlFolder folder, IReadOnlyList<HugepageLimitSpec> pages)
    {
        if (pages.Any(page => page.Limit > 0) || ControllerSet.Available(folder.Path).Contains("hugetlb"))
        {
            HugetlbController.Apply(folder, pages);
        }
    }

    private static void RequireNone(bool isAsked, string file)
    {
        if (isAsked)
        {
            throw new CgroupException($"failed to apply resources: {file} is of cgroup v1, which this machine does not use", Errno.EINVAL);
        }
    }
}
