using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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

    /// <summary>The addresses of an interface that are meant to stay and to be reached from elsewhere: permanent, of global scope.</summary>
    public static IReadOnlyList<(IPAddress Address, int PrefixLength)> ListPermanent(NetlinkSocket socket, int index)
    {
        var batch = new NetlinkBatch();
        batch.Begin(RTM_GETADDR, NLM_F_DUMP, $"list addresses of interface {index}");
        batch.Put(default(ifaddrmsg));
        var found = new List<(IPAddress, int)>();
        socket.Query(batch, (type, body) =>
        {
            if (type == RTM_NEWADDR && Parse(body, index) is { } address)
            {
                found.Add(address);
            }
        });
        return found;
    }

    private static (IPAddress Address, int PrefixLength)? Parse(ReadOnlySpan<byte> body, int index)
    {
        var headerBytes = Unsafe.SizeOf<ifaddrmsg>();
        if (body.Length < headerBytes || !IsGlobalOf(MemoryMarshal.Read<ifaddrmsg>(body), index))
        {
            return null;
        }

        var message = MemoryMarshal.Read<ifaddrmsg>(body);
        uint flags = message.ifa_flags;
        IPAddress? address = null, local = null;
        var attributes = new NetlinkAttributes(body[headerBytes..]);
        while (attributes.Next())
        {
            switch (attributes.Type)
            {
                case IFA_FLAGS: flags = attributes.Number; break;
                case IFA_ADDRESS: address = new IPAddress(attributes.Payload); break;
                case IFA_LOCAL: local = new IPAddress(attributes.Payload); break;
                default: break;
            }
        }

        // Where both are given, "address" is the other end of a point-to-point link.
        return (flags & IFA_F_PERMANENT) != 0 && (local ?? address) is { } own ? (own, message.ifa_prefixlen) : null;
    }

    private static bool IsGlobalOf(in ifaddrmsg message, int index) => message.ifa_index == index && message.ifa_scope == RT_SCOPE_UNIVERSE;
}
