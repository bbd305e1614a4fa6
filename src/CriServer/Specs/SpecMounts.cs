using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>
/// The mounts of a container in the order they are made: parents before children, otherwise as given. A client's mount replaces the
/// default one at the same place.
/// </summary>
internal static class SpecMounts
{
    public static List<MountSpec> Build(ContainerSpecInputs inputs)
    {
        var asked = new List<MountSpec>(inputs.Config.Mounts.Count);
        var images = 0;
        for (var i = 0; i < inputs.Config.Mounts.Count; i++)
        {
            var mount = inputs.Config.Mounts[i];
            asked.Add(SpecImageVolumes.IsOne(mount)
                ? SpecImageVolumes.Build(mount, $"mounts[{i}]", inputs.VolumePath(images++))
                : SpecVolumes.Build(mount, $"mounts[{i}]", inputs.HostFiles));
        }

        var taken = asked.Select(mount => mount.Destination).ToHashSet();
        return Sort(SpecDefaultMounts.Build(inputs).Where(mount => !taken.Contains(mount.Destination)).Concat(asked));
    }

    public static List<MountSpec> Sort(IEnumerable<MountSpec> mounts) => [.. mounts.OrderBy(Depth)];

    private static int Depth(MountSpec mount) => mount.Destination.AsSpan().Count('/');
}
