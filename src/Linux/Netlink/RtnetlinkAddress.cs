using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using static CriShim.Linux.LibC.NetlinkSockets;
using static CriShim.Linux.LibC.Rtnetlink;

namespace CriShim.Linux.Netlink;

/// <summary>Addresses of interfaces over rtnetlink(7).</summary>
public static class RtnetlinkAddress
{
    /// <summary>Appends: gives interface <paramref name="index"/> an address; IPv6 is usable at once, without duplicate detection.</summary>
    public static void Add(NetlinkBatch batch, int index, IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        var isIpv4 = address.AddressFamily == AddressFamily.InterNetwork;
        batch.Begin(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, $"add address {address}/{prefixLength}");
        batch.Put(new ifaddrmsg
        {
            ifa_family = (byte)(isIpv4 ? AF_INET : AF_INET6),
            ifa_prefixlen = (byte)prefixLength,
            ifa_flags = isIpv4 ? (byte)0 : IFA_F_NODAD,
            ifa_index = (uint)index,
        });
        batch.Attribute(IFA_LOCAL, bytes);
        batch.Attribute(IFA_ADDRESS, bytes);
        if (isIpv4 && prefixLength < 31)
        {
            var broadcast = BinaryPrimitives.ReadUInt32BigEndian(bytes) | (uint.MaxValue >> prefixLength);
            BinaryPrimitives.WriteUInt32BigEndian(bytes, broadcast);
            batch.Attribute(IFA_BROADCAST, bytes);
        }
    }
}
