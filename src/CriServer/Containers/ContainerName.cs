using CriShim.Cri.V1;

namespace CriShim.CriServer.Containers;

/// <summary>A container's identity for the client: its name and attempt within its sandbox.</summary>
internal static class ContainerName
{
    public static string Of(ContainerMetadata metadata, string sandboxId) => $"{metadata.Name}_{metadata.Attempt}_{sandboxId}";
}
