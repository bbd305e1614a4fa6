using System.Text.Json;

namespace CriShim.CriServer.Networking;

/// <summary>
/// What is known about one pod's connection, as on disk: written before anything is done (without addresses or result), again when it
/// is done, removed when all of it was undone. So whatever a crash leaves behind can be found and removed.
/// </summary>
internal sealed record AttachmentCheckpoint(string SandboxId, string PodName, string PodNamespace, string PodUid, string NetnsPath)
{
    /// <summary>Without those of host port 0.</summary>
    public IReadOnlyList<PortMapping> PortMappings { get; init; } = [];

    /// <summary>Set when CNI plugins connect it.</summary>
    public CniAttachment? Cni { get; init; }

    /// <summary>Set when the built-in bridge connects it.</summary>
    public BridgeAttachment? Bridge { get; init; }

    /// <summary>False from the intent until the pod is connected.</summary>
    public bool Completed { get; init; }
}

/// <param name="Config">The network configuration list that was used; DEL uses it whatever the folder holds by then.</param>
/// <param name="RuntimeConfig">Capability arguments by name.</param>
/// <param name="Result">The last plugin's result; null before.</param>
internal sealed record CniAttachment(JsonElement Config, JsonElement RuntimeConfig, JsonElement? Result);

/// <param name="HostInterface">The pod's veth on this machine.</param>
/// <param name="Addresses">IPv4 first.</param>
internal sealed record BridgeAttachment(string HostInterface, IReadOnlyList<PodAddress> Addresses);

internal sealed record PodAddress(string Address, int PrefixLength, string Gateway);
