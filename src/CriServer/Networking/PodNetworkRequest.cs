namespace CriShim.CriServer.Networking;

/// <summary>A pod that is to be connected or disconnected.</summary>
/// <param name="NetnsPath">Pin of its network namespace; may be gone when it is disconnected.</param>
internal sealed record PodNetworkRequest(string SandboxId, string PodName, string PodNamespace, string PodUid, string NetnsPath)
{
    /// <summary>As the CRI gives them; those with host port 0 map nothing.</summary>
    public IReadOnlyList<PortMapping> PortMappings { get; init; } = [];

    /// <summary>Of the pod; only the bandwidth ones are read.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}
