using CriShim.Cri.V1;
using CriShim.CriServer.Errors;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.CriServer.Specs;

/// <summary>Ranges of user and group ids (user_namespaces(7)).</summary>
internal static class IdMaps
{
    /// <summary>Null where there is none.</summary>
    public static IReadOnlyList<IdMapping>? Convert(IReadOnlyList<IDMapping> mappings) => mappings.Count == 0
        ? null
        : [.. mappings.Select(map => new IdMapping { ContainerID = map.ContainerId, HostID = map.HostId, Size = map.Length })];

    /// <summary>The maps of one mount: both or none, every range within 32 bits.</summary>
    /// <exception cref="CriException">InvalidArgument, naming the field.</exception>
    public static void CheckMountMaps(Mount mount, string field)
    {
        if (mount.UidMappings.Count == 0 != (mount.GidMappings.Count == 0))
        {
            throw CriException.InvalidArgument($"{field}.uidMappings and gidMappings go together");
        }

        foreach (var (maps, name) in new[] { (mount.UidMappings, "uidMappings"), (mount.GidMappings, "gidMappings") })
        {
            foreach (var map in maps)
            {
                RequireRange(map, $"{field}.{name}");
            }
        }
    }

    /// <summary>A pod's map is one range that starts with the container's root.</summary>
    /// <exception cref="CriException">InvalidArgument, naming the field.</exception>
    public static void CheckPodMap(IReadOnlyList<IDMapping> mappings, string field)
    {
        if (mappings.Count != 1)
        {
            throw CriException.InvalidArgument($"{field} must hold one mapping, not {mappings.Count}");
        }

        var map = mappings[0];
        if (map.ContainerId != 0)
        {
            throw CriException.InvalidArgument($"{field} does not map container id 0");
        }

        RequireRange(map, field);
    }

    private static void RequireRange(IDMapping map, string field)
    {
        if (map.Length == 0 || (ulong)map.HostId + map.Length > uint.MaxValue || (ulong)map.ContainerId + map.Length > uint.MaxValue)
        {
            throw CriException.InvalidArgument($"{field} maps {map.Length} ids from {map.HostId} on, which is no range of ids");
        }
    }
}
