using CriShim.CriServer.Configuration;
using CriShim.CriServer.RuntimeClient;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;

namespace CriShim.CriServer.Containers;

/// <summary>The birth of a container's supervisor, and its end when the birth fails later on.</summary>
internal sealed class ContainerSupervision(
    IRuntimeClient runtime, LiveContainers live, ContainerCgroups cgroups, StateLayout layout, RuntimeOptions options)
{
    /// <summary>Has the container made from its bundle.</summary>
    public Task<ISupervisor> StartAsync(Container container, SafeFileHandle root)
    {
        var request = new CreateRequest(
            container.Id, layout.ContainerFolder(container.Id), container.LogPath, options.MaxLogLineBytes, container.Config.Stdin,
            container.Config.StdinOnce);
        return runtime.CreateContainerAsync(request, root, CancellationToken.None);
    }

    public void Watch(string containerId, ISupervisor supervisor) => live.Add(containerId, supervisor);

    /// <summary>Ends what <see cref="StartAsync"/> began.</summary>
    public async Task EndAsync(Container container, ISupervisor supervisor)
    {
        if (live.Find(container.Id) is null && !supervisor.Exited.IsCompleted)
        {
            live.Add(container.Id, supervisor);
        }

        await live.DestroyAsync(container.Id);
        cgroups.Remove(container.CgroupPath);
    }
}
