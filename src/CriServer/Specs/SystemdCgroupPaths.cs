using CriShim.Cgroups;
using CriShim.Cgroups.Systemd;
using CriShim.Cri.V1;

namespace CriShim.CriServer.Specs;

/// <summary>
/// The systemd driver: slice:prefix:name (<see cref="ScopePath"/>). The client gives a slice, by its name or, as the kubelet does, by the
/// folder that its name stands for.
/// </summary>
internal sealed class SystemdCgroupPaths : CgroupPaths
{
    public override CgroupDriver Driver => CgroupDriver.Systemd;

    public override string Root => Name + ".slice";

    protected override string OwnParent(string sandboxId) => $"{Name}-{sandboxId}.slice";

    protected override string AskedParent(string asked) => asked[(asked.LastIndexOf('/') + 1)..];

    protected override string Below(string parent, string id) => $"{parent}:{Name}:{id}";

    protected override string? Problem(string asked)
    {
        try
        {
            var folder = ScopePath.Expand(AskedParent(asked));
            return asked.Contains('/') && asked != folder ? $"is not the place of that slice, which is \"{folder}\"" : null;
        }
        catch (CgroupException)
        {
            return "is not a slice, and runtime.cgroupDriver is systemd";
        }
    }
}
