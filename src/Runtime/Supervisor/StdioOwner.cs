using CriShim.Linux;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Security;
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
        var owner = IdMappings.ToHost(user.Uid, uidMappings);
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
}
