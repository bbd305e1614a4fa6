using CriShim.Cri.V1;

namespace CriShim.CriServer.Specs;

/// <summary>Whom a container runs as, in numbers.</summary>
/// <param name="Groups">All groups, the primary one first (CVE-2023-25173).</param>
/// <param name="Home">Home folder by the image's passwd file, "/" where that says nothing usable.</param>
internal sealed record ResolvedUser(uint Uid, uint Gid, IReadOnlyList<uint> Groups, string Home)
{
    /// <summary>As ContainerStatus reports it.</summary>
    public ContainerUser ToContainerUser()
    {
        var user = new LinuxContainerUser { Uid = Uid, Gid = Gid };
        user.SupplementalGroups.AddRange(Groups.Select(group => (long)group));
        return new ContainerUser { Linux = user };
    }
}
