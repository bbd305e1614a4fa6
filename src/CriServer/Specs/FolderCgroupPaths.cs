using CriShim.Cri.V1;

namespace CriShim.CriServer.Specs;

/// <summary>The cgroupfs driver: paths below each hierarchy's root.</summary>
internal sealed class FolderCgroupPaths : CgroupPaths
{
    public override CgroupDriver Driver => CgroupDriver.Cgroupfs;

    public override string Root => "/" + Name;

    protected override string OwnParent(string sandboxId) => $"{Root}/{sandboxId}";

    protected override string AskedParent(string asked)
    {
        var parts = Parts(asked);
        return parts.Length == 0 ? "" : "/" + string.Join('/', parts);
    }

    protected override string Below(string parent, string id) => $"{parent}/{Name}-{id}";

    protected override string? Problem(string asked)
    {
        var parts = Parts(asked);
        if (Array.Exists(parts, part => part is "." or "..") || TextRules.HasControlCharacter(asked))
        {
            return "is not a path below the cgroup root";
        }

        return parts.Length > 0 && parts[^1].EndsWith(".slice", StringComparison.Ordinal)
            ? "is a slice of systemd's, but runtime.cgroupDriver is cgroupfs"
            : null;
    }

    private static string[] Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}
