using CriShim.Cgroups;
using CriShim.Cri.V1;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.CriServer.Specs;
using CriShim.CriServer.State;
using CriShim.Linux;

namespace CriShim.CriServer.Containers;

/// <summary>
/// Changes the limits of a created or running container, all or none:
/// <list type="number">
/// <item>merge what is asked into what is in force; what is not given stays</item>
/// <item>check the whole as at creation</item>
/// <item>write the cgroup; what was written is undone when the kernel refuses a part</item>
/// <item>record, so that status shows it</item>
/// </list>
/// A container that has ended needs no limits: kubelet's resize races with exits, and nothing it could do would follow from an error.
/// </summary>
internal sealed class UpdateResources(ContainerStore containers, ContainerCgroups cgroups, HostFacts host, SpecOptions options)
{
    private readonly SerialOperations _running = new();

    /// <exception cref="CriException">NotFound. InvalidArgument: names the field. FailedPrecondition: memory in use is above the limit.</exception>
    public Task ExecuteAsync(UpdateContainerResourcesRequest request, CancellationToken cancellationToken)
    {
        var id = containers.Get(request.ContainerId).Id;
        var change = request.Linux ?? throw CriException.InvalidArgument("linux is not given");
        return _running.RunAsync(id, () => Update(id, change)).WaitAsync(cancellationToken);
    }

    private void Update(string id, LinuxContainerResources change)
    {
        var container = containers.Get(id);
        if (container.HasExited)
        {
            return;
        }

        var merged = ResourceMerge.Merge(container.Resources, change);
        var spec = SpecResources.Build(merged, host, options);
        try
        {
            cgroups.Update(container.CgroupPath, spec);
        }
        catch (Exception e) when (e is CgroupException or LinuxException)
        {
            if (containers.Find(id) is { HasExited: false })
            {
                throw new CriException(KindOf(e), $"failed to update resources of container \"{id}\": {e.Message}", e);
            }

            return; // it ended meanwhile, and its cgroup with it
        }

        containers.Update(id, current => current with { Resources = merged });
    }

    private static CriErrorKind KindOf(Exception e) => ((e as CgroupException)?.Errno ?? (e as LinuxException)?.Errno) switch
    {
        Errno.EINVAL or Errno.ERANGE or Errno.ENODEV => CriErrorKind.InvalidArgument,
        Errno.EBUSY => CriErrorKind.FailedPrecondition,
        Errno.ENOSPC => CriErrorKind.ResourceExhausted,
        _ => CriErrorKind.Unknown,
    };
}
