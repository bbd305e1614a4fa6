using CriShim.Cri.V1;
using CriShim.CriServer.State;

namespace CriShim.CriServer.Containers;

/// <summary>The containers that a filter lets through: its parts are ANDed, none lets all through.</summary>
internal sealed class ListContainers(ContainerStore containers)
{
    public IEnumerable<Cri.V1.Container> Execute(ContainerFilter? filter) =>
        containers.All().Where(c => Matches(c, filter)).Select(ContainerMessages.ToListItem);

    private static bool Matches(Container container, ContainerFilter? filter) =>
        filter is null
        || (container.Id.StartsWith(filter.Id, StringComparison.Ordinal)
            && container.SandboxId.StartsWith(filter.PodSandboxId, StringComparison.Ordinal)
            && (filter.State is null || filter.State.State == container.State)
            && LabelSelector.Matches(filter.LabelSelector, container.Config.Labels));
}
