using CriShim.Cri.V1;
using CriShim.CriServer.Errors;

namespace CriShim.CriServer.Specs;

/// <summary>
/// Where our cgroups lie, relative to each hierarchy's root. What follows the last '-' is the id: kubelet and cAdvisor rely on it.
/// </summary>
internal static class CgroupPaths
{
    /// <summary>Parent of the pods for which the client gives none.</summary>
    public const string Root = "/crishim";

    private const string Prefix = "crishim-";

    public static string ForContainer(PodSandboxConfig config, string sandboxId, string containerId) =>
        $"{Parent(config, sandboxId)}/{Prefix}{containerId}";

    /// <summary>Of the pod's own process, where it has one.</summary>
    public static string ForSandbox(PodSandboxConfig config, string sandboxId) => $"{Parent(config, sandboxId)}/{Prefix}{sandboxId}";

    /// <summary>The parent that belongs to us and is removed with the sandbox; null where the client gave one.</summary>
    public static string? OwnParent(PodSandboxConfig config, string sandboxId) =>
        string.IsNullOrEmpty(config.Linux?.CgroupParent) ? Parent(config, sandboxId) : null;

    /// <exception cref="CriException">InvalidArgument: the client's parent is not a plain path.</exception>
    public static string Parent(PodSandboxConfig config, string sandboxId)
    {
        var asked = config.Linux?.CgroupParent;
        if (string.IsNullOrEmpty(asked))
        {
            return $"{Root}/{sandboxId}";
        }

        var parts = asked.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (Array.Exists(parts, part => part is "." or "..") || TextRules.HasControlCharacter(asked))
        {
            throw CriException.InvalidArgument($"linux.cgroup_parent \"{TextRules.Printable(asked)}\" is not a path below the cgroup root");
        }

        return parts.Length == 0 ? "" : "/" + string.Join('/', parts);
    }
}
