using CriShim.Cri.V1;

namespace CriShim.CriServer.Sandboxes;

/// <summary>
/// Records a pod's new overhead and resources. The pod's cgroup is the client's own, and has been changed before this is called (KEP-1287):
/// there is nothing to write.
/// </summary>
internal sealed class UpdateSandboxResources(SandboxStore sandboxes)
{
    public void Execute(UpdatePodSandboxResourcesRequest request)
    {
        var id = sandboxes.Get(request.PodSandboxId).Id;
        sandboxes.Update(id, sandbox =>
        {
            var config = sandbox.Config.Clone();
            config.Linux ??= new LinuxPodSandboxConfig();
            config.Linux.Overhead = request.Overhead ?? config.Linux.Overhead;
            config.Linux.Resources = request.Resources ?? config.Linux.Resources;
            return sandbox with { Config = config };
        });
    }
}
