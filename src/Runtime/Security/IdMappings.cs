using System.Text;
using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Security;

/// <summary>The id maps of a new user namespace (user_namespaces(7)), written by a process outside it.</summary>
internal static class IdMappings
{
    public static void Write(int pid, IReadOnlyList<IdMapping> users, IReadOnlyList<IdMapping> groups)
    {
        WriteMap($"/proc/{pid}/uid_map", users);
        WriteMap($"/proc/{pid}/gid_map", groups);
    }

    /// <summary>One line a range: first id inside, first id outside, length.</summary>
    internal static string Format(IReadOnlyList<IdMapping> mappings) =>
        string.Concat(mappings.Select(mapping => $"{mapping.ContainerID} {mapping.HostID} {mapping.Size}\n"));

    private static void WriteMap(string path, IReadOnlyList<IdMapping> mappings)
    {
        using var file = Fd.Open(path, O_WRONLY);
        Fd.WriteAll(file, Encoding.ASCII.GetBytes(Format(mappings)), path);
    }

    /// <summary>The id outside; null where it is not mapped: no program can be started as that user. Without mappings it is the same.</summary>
    public static uint? ToHost(uint containerId, IReadOnlyList<IdMapping>? mappings)
    {
        if (mappings is null or { Count: 0 })
        {
            return containerId;
        }

        foreach (var mapping in mappings)
        {
            if (containerId >= mapping.ContainerID && containerId - mapping.ContainerID < mapping.Size)
            {
                return mapping.HostID + (containerId - mapping.ContainerID);
            }
        }

        return null;
    }
}
