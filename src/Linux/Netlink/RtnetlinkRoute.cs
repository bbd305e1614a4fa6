using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static CriShim.Linux.LibC.NetlinkSockets;
using static CriShim.Linux.LibC.Rtnetlink;

namespace CriShim.Linux.Netlink;

/// <summary>Where a route leads. A default route has prefix length 0.</summary>
public sealed record NetworkRoute(IPAddress Destination, int PrefixLength, int InterfaceIndex);

/// <summary>Routes over rtnetlink(7).</summary>
public static class RtnetlinkRoute
{
    /// <summary>Appends: the default route of the gateway's address family.</summary>
    public static void AddDefault(NetlinkBatch batch, int index, IPAddress gateway)
    {
        batch.Begin(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, $"add default route via {gateway}");
        batch.Put(new rtmsg
        {
            rtm_family = (byte)(gateway.AddressFamily == AddressFamily.InterNetwork ? AF_INET : AF_INET6),
            rtm_table = RT_TABLE_MAIN,
            rtm_protocol = RTPROT_BOOT,
            rtm_scope = RT_SCOPE_UNIVERSE,
            rtm_type = RTN_UNICAST,
        });
        batch.Attribute(RTA_GATEWAY, gateway.GetAddressBytes());
        batch.Number(RTA_OIF, (uint)index);
    }

    /// <summary>The unicast routes of all tables.</summary>
    public static IReadOnlyList<NetworkRoute> List(NetlinkSocket socket, AddressFamily family)
    {
        var batch = new NetlinkBatch();
        batch.Begin(RTM_GETROUTE, NLM_F_DUMP, "list routes");
        batch.Put(new rtmsg { rtm_family = (byte)(family == AddressFamily.InterNetwork ? AF_INET : AF_INET6) });
        var routes = new List<NetworkRoute>();
        socket.Query(batch, (type, body) =>
        {
            if (type == RTM_NEWROUTE && Parse(body) is { } route)
            {
                routes.Add(route);
            }
        });
        return routes;
    }

    private static NetworkRoute? Parse(ReadOnlySpan<byte> body)
    {
        var headerBytes = Unsafe.SizeOf<rtmsg>();
        if (body.Length < headerBytes)
        {
            return null;
        }

        var header = MemoryMarshal.Read<rtmsg>(body);
        if (header.rtm_type != RTN_UNICAST)
        {
            return null;
        }

        var destination = header.rtm_family == AF_INET ? IPAddress.Any : IPAddress.IPv6Any;
        var index = 0;
        var attributes = new NetlinkAttributes(body[headerBytes..]);
        while (attributes.Next())
        {
            if (attributes.Type == RTA_DST && attributes.Payload.Length is 4 or 16)
            {
                destination = new IPAddress(attributes.Payload);
            }
            else if (attributes.Type == RTA_OIF)
            {
                index = (int)attributes.Number;
            }
        }

        return new NetworkRoute(destination, header.rtm_dst_len, index);
    }
}
