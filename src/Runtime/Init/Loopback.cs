using CriShim.Linux.Netlink;
using CriShim.Oci.RuntimeSpec;

namespace CriShim.Runtime.Init;

/// <summary>The loopback interface of a network namespace just made: it begins down.</summary>
internal static class Loopback
{
    private const int NETLINK_ROUTE = 0;

    public static void SetUpIfOwn(Spec spec)
    {
        if (spec.Linux?.Namespaces?.Any(item => item.Type == "network" && string.IsNullOrEmpty(item.Path)) ?? false)
        {
            SetUp();
        }
    }

    public static void SetUp()
    {
        using var socket = NetlinkSocket.Open(NETLINK_ROUTE);
        var batch = new NetlinkBatch();
        RtnetlinkLink.SetUp(batch, "lo");
        socket.Execute(batch);
    }
}
