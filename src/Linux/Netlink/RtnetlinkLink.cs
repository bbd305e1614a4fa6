using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using static CriShim.Linux.LibC.NetlinkSockets;
using static CriShim.Linux.LibC.Rtnetlink;

namespace CriShim.Linux.Netlink;

/// <summary>Network interfaces over rtnetlink(7). Those that take a batch only append to it.</summary>
public static class RtnetlinkLink
{
    /// <param name="mac">6 bytes; set explicitly, or a bridge takes the lowest of its ports' and changes it with them.</param>
    public static void CreateBridge(NetlinkBatch batch, string name, ReadOnlySpan<byte> mac, int mtu)
    {
        batch.Begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, $"create bridge \"{name}\"");
        batch.Put(default(ifinfomsg));
        batch.Text(IFLA_IFNAME, CheckName(name));
        batch.Attribute(IFLA_ADDRESS, mac);
        batch.Number(IFLA_MTU, (uint)mtu);
        using var info = batch.Nested(IFLA_LINKINFO);
        batch.Text(IFLA_INFO_KIND, "bridge");
    }

    public static void CreateVeth(NetlinkBatch batch, VethPair pair)
    {
        batch.Begin(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, $"create veth \"{pair.Name}\"");
        batch.Put(default(ifinfomsg));
        batch.Text(IFLA_IFNAME, CheckName(pair.Name));
        batch.Number(IFLA_MTU, (uint)pair.Mtu);
        batch.Number(IFLA_MASTER, (uint)pair.MasterIndex);
        using var info = batch.Nested(IFLA_LINKINFO);
        batch.Text(IFLA_INFO_KIND, "veth");
        using var data = batch.Nested(IFLA_INFO_DATA);
        using var peer = batch.Nested(VETH_INFO_PEER);
        batch.Put(default(ifinfomsg));
        batch.Text(IFLA_IFNAME, CheckName(pair.PeerName));
        batch.Attribute(IFLA_ADDRESS, pair.PeerMac);
        batch.Number(IFLA_MTU, (uint)pair.Mtu);
        batch.Number(IFLA_NET_NS_FD, (uint)pair.PeerNamespaceFd);
    }

    public static void SetUp(NetlinkBatch batch, string name)
    {
        batch.Begin(RTM_NEWLINK, NLM_F_ACK, $"set \"{name}\" up");
        batch.Put(new ifinfomsg { ifi_flags = IFF_UP, ifi_change = IFF_UP });
        batch.Text(IFLA_IFNAME, CheckName(name));
    }

    /// <summary>
    /// Lets a bridge send a frame out of the port it came in by: with br_netfilter a pod's connection to a service of its own is
    /// redirected inside the bridge.
    /// </summary>
    public static void SetHairpin(NetlinkBatch batch, string name)
    {
        batch.Begin(RTM_NEWLINK, NLM_F_ACK, $"set hairpin mode of \"{name}\"");
        batch.Put(default(ifinfomsg));
        batch.Text(IFLA_IFNAME, CheckName(name));
        using var info = batch.Nested(IFLA_LINKINFO);
        batch.Text(IFLA_INFO_SLAVE_KIND, "bridge");
        using var data = batch.Nested(IFLA_INFO_SLAVE_DATA);
        batch.Byte(IFLA_BRPORT_MODE, 1);
    }

    /// <summary>An alias does not survive in the message that creates a link: it is set by one of its own.</summary>
    public static void SetAlias(NetlinkBatch batch, string name, string alias)
    {
        batch.Begin(RTM_NEWLINK, NLM_F_ACK, $"set alias of \"{name}\"");
        batch.Put(default(ifinfomsg));
        batch.Text(IFLA_IFNAME, CheckName(name));
        batch.Attribute(IFLA_IFALIAS, Encoding.UTF8.GetBytes(alias));
    }

    /// <summary>
    /// No IPv6 link-local address, hence no duplicate address detection and no router solicitation. Must come before the interface is
    /// up. Answers EAFNOSUPPORT or EOPNOTSUPP where IPv6 is off.
    /// </summary>
    public static void DisableAddressGeneration(NetlinkBatch batch, string name)
    {
        batch.Begin(RTM_NEWLINK, NLM_F_ACK, $"set IPv6 address generation of \"{name}\"");
        batch.Put(default(ifinfomsg));
        batch.Text(IFLA_IFNAME, CheckName(name));
        using var families = batch.Nested(IFLA_AF_SPEC);
        using var ipv6 = batch.Nested(AF_INET6);
        batch.Byte(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    }

    /// <summary>Appends: the interface goes to another network namespace and has the new name there, in which "%d" stands for a free number.</summary>
    /// <param name="namespaceFd">Open namespace file; must stay open until the batch was executed.</param>
    public static void Move(NetlinkBatch batch, int index, int namespaceFd, string newName)
    {
        batch.Begin(RTM_NEWLINK, NLM_F_ACK, $"move interface {index} as \"{newName}\"");
        batch.Put(new ifinfomsg { ifi_index = index });
        batch.Number(IFLA_NET_NS_FD, (uint)namespaceFd);
        batch.Text(IFLA_IFNAME, CheckName(newName));
    }

    public static void Delete(NetlinkBatch batch, string name)
    {
        batch.Begin(RTM_DELLINK, NLM_F_ACK, $"delete \"{name}\"");
        batch.Put(default(ifinfomsg));
        batch.Text(IFLA_IFNAME, CheckName(name));
    }

    /// <summary>Puts the interface into a group (netdevice(7)); 0 is everybody's.</summary>
    public static void SetGroup(NetlinkBatch batch, string name, uint group)
    {
        batch.Begin(RTM_NEWLINK, NLM_F_ACK, $"set group of \"{name}\"");
        batch.Put(default(ifinfomsg));
        batch.Text(IFLA_IFNAME, CheckName(name));
        batch.Number(IFLA_GROUP, group);
    }

    /// <summary>Removes all interfaces of a group at once; the kernel waits for its readers one time instead of once for each.</summary>
    public static void DeleteGroup(NetlinkBatch batch, uint group)
    {
        ArgumentOutOfRangeException.ThrowIfZero(group);
        batch.Begin(RTM_DELLINK, NLM_F_ACK, $"delete group {group}");
        batch.Put(default(ifinfomsg));
        batch.Number(IFLA_GROUP, group);
    }

    /// <summary>Null when there is no such interface.</summary>
    public static NetworkLink? Find(NetlinkSocket socket, string name)
    {
        var batch = new NetlinkBatch();
        batch.Begin(RTM_GETLINK, 0, $"find \"{name}\"");
        batch.Put(default(ifinfomsg));
        batch.Text(IFLA_IFNAME, CheckName(name));
        NetworkLink? found = null;
        try
        {
            socket.Query(batch, (type, body) => found = type == RTM_NEWLINK ? Parse(body) : found);
        }
        catch (LinuxException e) when (e.Errno == Errno.ENODEV)
        {
            return null;
        }

        return found;
    }

    public static IReadOnlyList<NetworkLink> List(NetlinkSocket socket)
    {
        var batch = new NetlinkBatch();
        batch.Begin(RTM_GETLINK, NLM_F_DUMP, "list interfaces");
        batch.Put(default(ifinfomsg));
        var links = new Dictionary<int, NetworkLink>();
        socket.Query(batch, (type, body) =>
        {
            if (type == RTM_NEWLINK && Parse(body) is { } link)
            {
                links[link.Index] = link;
            }
        });
        return [.. links.Values];
    }

    private static NetworkLink? Parse(ReadOnlySpan<byte> body)
    {
        var headerBytes = Unsafe.SizeOf<ifinfomsg>();
        if (body.Length < headerBytes)
        {
            return null;
        }

        var header = MemoryMarshal.Read<ifinfomsg>(body);
        var link = new NetworkLink(header.ifi_index, "", 0, 0, (header.ifi_flags & IFF_UP) != 0, null, null);
        var attributes = new NetlinkAttributes(body[headerBytes..]);
        while (attributes.Next())
        {
            link = attributes.Type switch
            {
                IFLA_IFNAME => link with { Name = attributes.Text },
                IFLA_MTU => link with { Mtu = (int)attributes.Number },
                IFLA_MASTER => link with { MasterIndex = (int)attributes.Number },
                IFLA_IFALIAS => link with { Alias = attributes.Text },
                IFLA_LINKINFO => link with { Kind = ParseKind(attributes.Payload) },
                _ => link,
            };
        }

        return link;
    }

    private static string? ParseKind(ReadOnlySpan<byte> info)
    {
        var attributes = new NetlinkAttributes(info);
        while (attributes.Next())
        {
            if (attributes.Type == IFLA_INFO_KIND)
            {
                return attributes.Text;
            }
        }

        return null;
    }

    private static string CheckName(string name) => name.Length is > 0 and < IFNAMSIZ
        ? name
        : throw new ArgumentException($"interface name \"{name}\" must have 1 to {IFNAMSIZ - 1} characters", nameof(name));
}
