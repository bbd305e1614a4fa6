using CriShim.Cri.V1;

namespace CriShim.CriServer.Sandboxes;

/// <summary>A sandbox's identity for the client: what must not exist twice, and what a retry is known by.</summary>
internal static class SandboxName
{
    public static string Of(PodSandboxMetadata metadata) => $"{metadata.Name}_{metadata.Namespace}_{metadata.Uid}_{metadata.Attempt}";
}
