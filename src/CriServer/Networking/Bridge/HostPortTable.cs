using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using CriShim.Linux.Netlink;
using static CriShim.Linux.LibC.NfTables;

namespace CriShim.CriServer.Networking.Bridge;

/// <summary>
/// The nftables table of the bridge, family inet, named like it. What it does, as nft(8) would say it (the same for IPv6 where pods have it):
/// <code>
/// chain guard    prerouting raw:   iifname BRIDGE ip daddr 127.0.0.0/8 drop                           route_localnet is on (CVE-2020-8558)
/// chain incoming prerouting dnat:  dnat ip to ip daddr . meta l4proto . th dport map @address_ports4
/// chain outgoing output dnat:      fib daddr type local dnat ip to meta l4proto . th dport map @ports4
/// chain sources  postrouting snat: ip saddr SUBNET oifname != BRIDGE masquerade                       pods to the outside
///                                  ip saddr SUBNET oifname BRIDGE ct status dnat masquerade           pods to a host port of a pod
///                                  ip saddr 127.0.0.0/8 oifname BRIDGE masquerade                     127.0.0.1:PORT
/// </code>
/// A host port is one element of a map. Both dnat rules are in both chains.
/// </summary>
internal static class HostPortTable
{
    private const int Source4Offset = 12;
    private const int Destination4Offset = 16;
    private const int Source6Offset = 8;
    private const int Destination6Offset = 24;
    private const int DestinationPortOffset = 2;

    private static readonly byte[] s_loopbackMask = [255, 0, 0, 0];
    private static readonly byte[] s_loopback = [127, 0, 0, 0];

    /// <summary>The table anew, with every host port of <paramref name="ports"/>, in place of any that is there.</summary>
    public static void Replace(
        NetlinkSocket netfilter, string bridge, IReadOnlyList<IPNetwork> subnets, IEnumerable<(PortMapping Port, BridgeAttachment Pod)> ports)
    {
        var batch = new NftBatch(bridge);
        batch.AddTable();
        batch.DeleteTable();
        batch.AddTable();
        batch.AddChain("guard", "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW);
        batch.AddChain("incoming", "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST);
        batch.AddChain("outgoing", "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST);
        batch.AddChain("sources", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC);
        batch.AddRule("guard", rule => rule
            .InputInterface(bridge).Family(NFPROTO_IPV4).NetworkHeader(Destination4Offset, s_loopbackMask, s_loopback).Drop());
        batch.AddRule("sources", rule => rule
            .OutputInterface(bridge).Family(NFPROTO_IPV4).NetworkHeader(Source4Offset, s_loopbackMask, s_loopback).Masquerade());
        foreach (var subnet in subnets)
        {
            AddFamily(batch, bridge, subnet);
        }

        AddElements(batch, ports);
        batch.Commit(netfilter);
    }

    public static void Add(NetlinkSocket netfilter, string bridge, IEnumerable<PortMapping> ports, BridgeAttachment pod)
    {
        var batch = new NftBatch(bridge);
        AddElements(batch, ports.Select(port => (port, pod)));
        batch.Commit(netfilter);
    }

    /// <summary>Removes the host ports; those that are not there are fine.</summary>
    public static void Remove(NetlinkSocket netfilter, string bridge, IReadOnlyList<PortMapping> ports, BridgeAttachment pod)
    {
        var elements = ports.SelectMany(port => Elements(port, pod)).ToList();
        if (elements.Count == 0 || TryDelete(elements))
        {
            return;
        }

        // A transaction with one that is missing does nothing
        elements.ForEach(element => TryDelete([element]));

        bool TryDelete(List<(string Map, byte[] Key, byte[] Value)> some)
        {
            var batch = new NftBatch(bridge);
            some.ForEach(element => batch.DeleteElement(element.Map, element.Key));
            return batch.CommitIfPresent(netfilter);
        }
    }

    /// <summary>Removes the table; nothing there is fine.</summary>
    public static void Delete(NetlinkSocket netfilter, string bridge)
    {
        var batch = new NftBatch(bridge);
        batch.DeleteTable();
        batch.CommitIfPresent(netfilter);
    }

    private static void AddElements(NftBatch batch, IEnumerable<(PortMapping Port, BridgeAttachment Pod)> ports)
    {
        foreach (var (port, pod) in ports)
        {
            foreach (var (map, key, value) in Elements(port, pod))
            {
                batch.AddElement(map, key, value);
            }
        }
    }

    private static void AddFamily(NftBatch batch, string bridge, IPNetwork subnet)
    {
        var isIpv4 = subnet.BaseAddress.AddressFamily == AddressFamily.InterNetwork;
        var family = isIpv4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
        var suffix = isIpv4 ? "4" : "6";
        var addressType = isIpv4 ? NftMapType.Ipv4Address : NftMapType.Ipv6Address;
        var addressBytes = isIpv4 ? 4 : 16;
        var valueType = NftMapType.Concatenate(addressType, NftMapType.Port);
        batch.AddMap("ports" + suffix, new NftMapType(
            NftMapType.Concatenate(NftMapType.Protocol, NftMapType.Port), 8, valueType, addressBytes + 4));
        batch.AddMap("address_ports" + suffix, new NftMapType(
            NftMapType.Concatenate(addressType, NftMapType.Protocol, NftMapType.Port), addressBytes + 8, valueType, addressBytes + 4));

        // Registers of 4 bytes: the address takes the first one or four
        var afterAddress = NFT_REG32_00 + (uint)(addressBytes / 4);
        var destination = isIpv4 ? Destination4Offset : Destination6Offset;
        foreach (var chain in (string[])["incoming", "outgoing"])
        {
            batch.AddRule(chain, rule => rule
                .Family(family)
                .Payload(NFT_PAYLOAD_NETWORK_HEADER, destination, addressBytes, NFT_REG_1)
                .Meta(NFT_META_L4PROTO, afterAddress)
                .Payload(NFT_PAYLOAD_TRANSPORT_HEADER, DestinationPortOffset, 2, afterAddress + 1)
                .Lookup("address_ports" + suffix, NFT_REG_1, NFT_REG_1)
                .DestinationNat(family, NFT_REG_1, afterAddress));
            batch.AddRule(chain, rule => WithoutLoopback6(rule.Family(family), isIpv4)
                .LocalDestination()
                .Meta(NFT_META_L4PROTO, NFT_REG_1)
                .Payload(NFT_PAYLOAD_TRANSPORT_HEADER, DestinationPortOffset, 2, NFT_REG32_00 + 1)
                .Lookup("ports" + suffix, NFT_REG_1, NFT_REG_1)
                .DestinationNat(family, NFT_REG_1, afterAddress));
        }

        var mask = Mask(subnet.PrefixLength, addressBytes);
        var network = subnet.BaseAddress.GetAddressBytes();
        var source = isIpv4 ? Source4Offset : Source6Offset;
        batch.AddRule("sources", rule => rule
            .Family(family).NetworkHeader(source, mask, network).NotOutputInterface(bridge).Masquerade());
        batch.AddRule("sources", rule => rule
            .Family(family).NetworkHeader(source, mask, network).OutputInterface(bridge).DestinationNatted().Masquerade());
    }

    /// <summary>::1 cannot be routed anywhere: a connection to [::1]:PORT is refused at once rather than lost.</summary>
    private static NftRule WithoutLoopback6(NftRule rule, bool isIpv4) =>
        isIpv4 ? rule : rule.NotNetworkHeader(Destination6Offset, IPAddress.IPv6Loopback.GetAddressBytes());

    private static IEnumerable<(string Map, byte[] Key, byte[] Value)> Elements(PortMapping port, BridgeAttachment pod)
    {
        byte[] portKey = [(byte)port.Protocol, 0, 0, 0, .. PortBytes(port.HostPort)];
        var host = IPAddress.TryParse(port.HostIp, out var parsed) && !parsed.Equals(IPAddress.Any) && !parsed.Equals(IPAddress.IPv6Any) ? parsed : null;
        foreach (var address in pod.Addresses.Select(item => IPAddress.Parse(item.Address)))
        {
            var suffix = address.AddressFamily == AddressFamily.InterNetwork ? "4" : "6";
            byte[] value = [.. address.GetAddressBytes(), .. PortBytes(port.ContainerPort)];
            if (host is null)
            {
                yield return ("ports" + suffix, portKey, value);
            }
            else if (host.AddressFamily == address.AddressFamily)
            {
                yield return ("address_ports" + suffix, [.. host.GetAddressBytes(), .. portKey], value);
            }
        }
    }

    /// <summary>A port in network order, filled up to a register.</summary>
    private static byte[] PortBytes(int port)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)port);
        return bytes;
    }

    private static byte[] Mask(int prefixLength, int bytes)
    {
        var mask = new byte[bytes];
        for (var bit = 0; bit < prefixLength; bit++)
        {
            mask[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }

        return mask;
    }
}
