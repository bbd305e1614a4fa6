using CriShim.CriServer.Configuration;
using CriShim.CriServer.Handlers;
using CriShim.CriServer.RuntimeClient;
using CriShim.CriServer.Sandboxes;
using CriShim.Runtime.Contract;

namespace CriShim.CriServer.Containers;

/// <summary>The birth of a container's supervisor, and its end when the birth fails later on.</summary>
internal sealed class ContainerSupervision(
    IRuntimeClient runtime, LiveContainers live, ContainerCgroups cgroups, StateLayout layout, RuntimeHandlers handlers, RuntimeOptions options)
{
    /// <summary>Begins to start the supervisor; the container's folder exists.</summary>
    public Task<INewSupervisor> StartAsync(Container container) => runtime.StartSupervisorAsync(layout.ContainerFolder(container.Id));

    /// <summary>Has the container made from its bundle.</summary>
    public Task<ISupervisor> CreateAsync(INewSupervisor supervisor, Sandbox sandbox, Container container, ContainerRoot root)
    {
        var request = new CreateRequest(
            container.Id, layout.ContainerFolder(container.Id), container.LogPath, options.MaxLogLineBytes, container.Config.Stdin,
            container.Config.StdinOnce, LogFolderOf(container), handlers.RuntimeOf(sandbox.RuntimeHandler));
        return supervisor.CreateAsync(request, [root.Root, .. root.Volumes], CancellationToken.None);
    }

    public void Watch(string containerId, ISupervisor supervisor) => live.Add(containerId, supervisor);

    /// <summary>Ends what <see cref="CreateAsync"/> made.</summary>
    public async Task EndAsync(Container container, ISupervisor supervisor)
    {
        if (live.Find(container.Id) is null && !supervisor.Exited.IsCompleted)
        {
            live.Add(container.Id, supervisor);
        }

        await live.DestroyAsync(container.Id);
        cgroups.RemoveOf(container.Id, container.CgroupPath);
    }

    /// <summary>The pod's: the log path less what the container's config has added to it.</summary>
    private static string? LogFolderOf(Container container)
    {
        var folder = container.LogPath;
        foreach (var _ in container.Config.LogPath.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder;
    }
}
