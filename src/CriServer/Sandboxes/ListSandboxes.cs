using CriShim.Cri.V1;
using CriShim.CriServer.State;

namespace CriShim.CriServer.Sandboxes;

/// <summary>The sandboxes that a filter lets through: its parts are ANDed, none lets all through.</summary>
internal sealed class ListSandboxes(SandboxStore sandboxes)
{
    public IEnumerable<PodSandbox> Execute(PodSandboxFilter? filter) =>
        sandboxes.All().Where(s => Matches(s, filter)).Select(SandboxMessages.ToListItem);

    private static bool Matches(Sandbox sandbox, PodSandboxFilter? filter) =>
        filter is null
        || (sandbox.Id.StartsWith(filter.Id, StringComparison.Ordinal)
            && (filter.State is null || filter.State.State == sandbox.State)
            && LabelSelector.Matches(filter.LabelSelector, sandbox.Config.Labels));
}
