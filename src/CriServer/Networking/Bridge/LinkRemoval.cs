using CriShim.Linux.Netlink;

namespace CriShim.CriServer.Networking.Bridge;

/// <summary>Removes interfaces of ours.</summary>
internal static class LinkRemoval
{
    /// <summary>"CSRM": the interfaces that are about to go. Those of two servers may meet in it: both want them gone.</summary>
    private const uint Group = 0x4353524D;

    /// <summary>Removes the interfaces at once (of a veth both ends), in one request; those that are not there are fine.</summary>
    public static void Remove(NetlinkSocket route, IReadOnlyList<string> names)
    {
        var present = names.Count(name =>
        {
            var batch = new NetlinkBatch();
            RtnetlinkLink.SetGroup(batch, name, Group);
            return route.ExecuteIfPresent(batch);
        });
        if (present > 0)
        {
            var batch = new NetlinkBatch();
            RtnetlinkLink.DeleteGroup(batch, Group);
            route.ExecuteIfPresent(batch);
        }
    }
}
