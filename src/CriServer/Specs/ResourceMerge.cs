using CriShim.Cri.V1;

namespace CriShim.CriServer.Specs;

/// <summary>What limits are when some of them are changed: a field that is zero or empty is not given, and stays (api.proto).</summary>
internal static class ResourceMerge
{
    public static LinuxContainerResources Merge(LinuxContainerResources? current, LinuxContainerResources change)
    {
        var merged = current?.Clone() ?? new LinuxContainerResources();
        var score = merged.OomScoreAdj; // a running process keeps its own
        var pages = merged.HugepageLimits.Where(limit => change.HugepageLimits.All(other => other.PageSize != limit.PageSize)).ToList();
        merged.HugepageLimits.Clear();
        merged.MergeFrom(change);
        merged.HugepageLimits.AddRange(pages);
        merged.OomScoreAdj = current is null ? change.OomScoreAdj : score;
        return merged;
    }
}
