using System.Net;
using System.Net.Sockets;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.Linux;
using CriShim.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace CriShim.CriServer.Networking.Bridge;

/// <summary>The bridge interface: made with the first pod, removed with the last. Its alias says whose it is.</summary>
/// <param name="owner">The server's root folder.</param>
internal sealed class BridgeDevice(NetworkOptions options, string owner, ILogger log)
{
    private const int DefaultMtu = 1500;
    private const string Forwarding4 = "/proc/sys/net/ipv4/ip_forward";
    private const string Forwarding6 = "/proc/sys/net/ipv6/conf/all/forwarding";
    private const string Ipv6Settings = "/proc/sys/net/ipv6/conf";

    private readonly string _alias = $"crishim {owner}";

    public string Name => options.BridgeName;

    /// <summary>False where the kernel was told to have no IPv6.</summary>
    public static bool HasIpv6 => Directory.Exists(Ipv6Settings);

    /// <summary>The bridge; null when there is none. Throws when its name belongs to someone else's interface.</summary>
    public NetworkLink? Find(NetlinkSocket route)
    {
        var link = RtnetlinkLink.Find(route, Name);
        return link is null || (link.Kind == "bridge" && link.Alias == _alias)
            ? link
            : throw new CriException(
                CriErrorKind.FailedPrecondition,
                $"interface \"{Name}\" is not a bridge of this server ({link.Kind ?? "device"}, alias \"{link.Alias}\"): set network.bridgeName");
    }

    /// <summary>Whether the name belongs to someone else's interface, so that nothing of that name may be touched.</summary>
    public bool IsForeign(NetlinkSocket route) => RtnetlinkLink.Find(route, Name) is { } link && (link.Kind != "bridge" || link.Alias != _alias);

    /// <summary>Makes the bridge with the gateway addresses of <paramref name="pools"/>.</summary>
    public NetworkLink Create(NetlinkSocket route, IReadOnlyList<AddressPool> pools)
    {
        var mtu = options.Mtu > 0 ? options.Mtu : DefaultRouteMtu(route);
        var batch = new NetlinkBatch();
        RtnetlinkLink.CreateBridge(batch, Name, MacOf(pools[0].Gateway), mtu);
        RtnetlinkLink.SetAlias(batch, Name, _alias);
        if (HasIpv6 && pools.Count == 1)
        {
            RtnetlinkLink.DisableAddressGeneration(batch, Name);
        }

        RtnetlinkLink.SetUp(batch, Name);
        route.Execute(batch);
        try
        {
            var link = Find(route) ?? throw new LinuxException(Errno.ENODEV, "netlink", Name);
            var addresses = new NetlinkBatch();
            foreach (var pool in pools)
            {
                RtnetlinkAddress.Add(addresses, link.Index, pool.Gateway, pool.Subnet.PrefixLength);
            }

            route.Execute(addresses);
            Configure(pools);
            NetworkLog.BridgeCreated(log, Name, string.Join(", ", pools.Select(pool => pool.Subnet)), mtu);
            return link;
        }
        catch
        {
            LinkRemoval.Remove(route, [Name]);
            throw;
        }
    }

    /// <summary>A locally administered address with the IPv4 address in it: an address that moves to another pod brings its MAC along.</summary>
    public static byte[] MacOf(IPAddress ipv4) => [0x0A, 0x58, .. ipv4.GetAddressBytes()];

    private void Configure(IReadOnlyList<AddressPool> pools)
    {
        // 127.0.0.1:PORT may leave over this bridge, to the pod of a host port; HostPortTable drops what comes back unasked
        File.WriteAllText($"/proc/sys/net/ipv4/conf/{Name}/route_localnet", "1");
        EnableForwarding(Forwarding4);
        if (pools.Count > 1)
        {
            // No router but this one speaks on the bridge (CVE-2020-10749)
            File.WriteAllText($"{Ipv6Settings}/{Name}/accept_ra", "0");
            EnableForwarding(Forwarding6);
        }
    }

    private void EnableForwarding(string setting)
    {
        if (File.ReadAllText(setting).Trim() == "0")
        {
            File.WriteAllText(setting, "1");
            NetworkLog.ForwardingEnabled(log, setting);
        }
    }

    private static int DefaultRouteMtu(NetlinkSocket route)
    {
        var outside = RtnetlinkRoute.List(route, AddressFamily.InterNetwork).FirstOrDefault(item => item.PrefixLength == 0);
        return outside is null
            ? DefaultMtu
            : RtnetlinkLink.List(route).FirstOrDefault(link => link.Index == outside.InterfaceIndex)?.Mtu ?? DefaultMtu;
    }
}
