using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.Runtime.Supervisor;

/// <summary>
/// Gives pipes to the user whose stdio they become: /dev/stdout is opened anew through /proc/self/fd, which asks the pipe's own
/// permissions. From outside, because the container's root has no power over what an unmapped user owns. Devices are left alone.
/// </summary>
internal static class StdioOwner
{
    private const uint Unchanged = unchecked((uint)-1);

    public static void Set(UserSpec user, IReadOnlyList<IdMapping>? uidMappings, IReadOnlyList<SafeFileHandle> stdio)
    {
        var owner = HostId(user.Uid, uidMappings);
        if (owner is null or 0)
        {
            return;
        }

        foreach (var fd in stdio)
        {
            if ((FileStatus.Of(fd, "stdio").Mode & S_IFMT) == S_IFIFO)
            {
                Check.Result(fchown(fd, owner.Value, Unchanged), "fchown", "stdio");
            }
        }
    }

    /// <summary>Null where the user is not mapped: the program cannot be started as that user anyway.</summary>
    internal static uint? HostId(uint containerId, IReadOnlyList<IdMapping>? mappings)
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
