using System.Net;
using System.Net.Sockets;
using CriShim.CriServer.Configuration;
using CriShim.CriServer.Errors;
using CriShim.Linux.Netlink;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.NetlinkSockets;

namespace CriShim.CriServer.Networking.Bridge;

/// <summary>
/// The network of pods where no CNI configuration exists: a bridge, an address pool and an nftables table. All of it is there while a pod
/// is connected and gone with the last one. Calls are short (no waiting, some kernel requests) and may come from any thread.
/// </summary>
internal sealed class BuiltInBridge(NetworkOptions options, string owner, ILogger log)
{
    private readonly BridgeDevice _device = new(options, owner, log);
    private readonly Dictionary<string, Lease> _leases = [];
    private readonly Lock _gate = new();
    private List<AddressPool> _pools = [];
    private string _podCidr = "";

    /// <param name="Ports">Those that the table holds or will hold.</param>
    private sealed record Lease(BridgeAttachment Attachment, IReadOnlyList<PortMapping> Ports);

    public string Name => options.BridgeName;

    /// <summary>The node's pod CIDRs, separated by commas; used when the next subnet is chosen and none is configured.</summary>
    public void UpdatePodCidr(string podCidr)
    {
        lock (_gate)
        {
            _podCidr = podCidr;
        }
    }

    /// <summary>Takes the addresses of a recorded pod and knows its host ports; touches nothing outside.</summary>
    public void Restore(string sandboxId, BridgeAttachment attachment, IReadOnlyList<PortMapping> ports)
    {
        lock (_gate)
        {
            foreach (var item in attachment.Addresses)
            {
                PoolOf(item).Restore(IPAddress.Parse(item.Address));
            }

            _leases[sandboxId] = new Lease(attachment, ports);
        }
    }

    /// <summary>Addresses for a pod, to be recorded before <see cref="Connect"/>. Throws FailedPrecondition when a host port is taken.</summary>
    public BridgeAttachment Reserve(string sandboxId, IReadOnlyList<PortMapping> ports)
    {
        lock (_gate)
        {
            CheckPorts(sandboxId, ports);
            if (_leases.Count == 0)
            {
                ChoosePools();
            }

            var addresses = new List<PodAddress>();
            foreach (var pool in _pools)
            {
                addresses.Add(new PodAddress(pool.Take().ToString(), pool.Subnet.PrefixLength, pool.Gateway.ToString()));
            }

            var attachment = new BridgeAttachment(PodLink.HostInterface(sandboxId), addresses);
            _leases.Add(sandboxId, new Lease(attachment, ports));
            return attachment;
        }
    }

    /// <summary>Connects a pod that has its addresses.</summary>
    public void Connect(string sandboxId, string netnsPath, SafeFileHandle netlinkInPod)
    {
        using var route = NetlinkSocket.Open(NETLINK_ROUTE);
        Lease lease;
        NetworkLink bridge;
        lock (_gate)
        {
            lease = _leases[sandboxId];
            bridge = EnsureDevice(route);
            if (lease.Ports.Count > 0)
            {
                using var netfilter = NetlinkSocket.Open(NETLINK_NETFILTER);
                // After the device was made anew they are there already
                HostPortTable.Remove(netfilter, Name, lease.Ports, lease.Attachment);
                HostPortTable.Add(netfilter, Name, lease.Ports, lease.Attachment);
            }
        }

        PodLink.Create(route, bridge, lease.Attachment, netnsPath, netlinkInPod);
    }

    /// <summary>Undoes all of <see cref="Connect"/>, as far as it came, and gives the addresses back. The last pod takes the bridge along.</summary>
    public void Disconnect(string sandboxId)
    {
        using var route = NetlinkSocket.Open(NETLINK_ROUTE);
        PodLink.Remove(route, PodLink.HostInterface(sandboxId));
        lock (_gate)
        {
            if (!_leases.TryGetValue(sandboxId, out var lease))
            {
                return;
            }

            using var netfilter = NetlinkSocket.Open(NETLINK_NETFILTER);
            if (_leases.Count == 1)
            {
                RemoveAll(route, netfilter);
            }
            else
            {
                HostPortTable.Remove(netfilter, Name, lease.Ports, lease.Attachment);
            }

            _leases.Remove(sandboxId);
            foreach (var item in lease.Attachment.Addresses)
            {
                PoolOf(item).Release(IPAddress.Parse(item.Address));
            }
        }
    }

    /// <summary>
    /// After a restart: makes the machine match the restored pods. Interfaces of no pod go, the table is written anew (host ports of a
    /// pod that was being connected or removed may be in it or not), and without pods nothing stays.
    /// </summary>
    public void Reconcile()
    {
        using var route = NetlinkSocket.Open(NETLINK_ROUTE);
        using var netfilter = NetlinkSocket.Open(NETLINK_NETFILTER);
        lock (_gate)
        {
            if (_device.Find(route) is not { } bridge)
            {
                return;
            }

            if (_leases.Count == 0)
            {
                foreach (var link in RtnetlinkLink.List(route).Where(link => link.MasterIndex == bridge.Index))
                {
                    PodLink.Remove(route, link.Name);
                }

                RemoveAll(route, netfilter);
                return;
            }

            var known = _leases.Values.Select(lease => lease.Attachment.HostInterface).ToHashSet();
            foreach (var link in RtnetlinkLink.List(route).Where(link => link.MasterIndex == bridge.Index && !known.Contains(link.Name)))
            {
                PodLink.Remove(route, link.Name);
                NetworkLog.StrayInterface(log, link.Name, Name);
            }

            ReplaceTable(netfilter);
        }
    }

    private NetworkLink EnsureDevice(NetlinkSocket route)
    {
        if (_device.Find(route) is { } existing)
        {
            return existing;
        }

        var bridge = _device.Create(route, _pools);
        try
        {
            using var netfilter = NetlinkSocket.Open(NETLINK_NETFILTER);
            ReplaceTable(netfilter);
            return bridge;
        }
        catch
        {
            _device.Remove(route);
            throw;
        }
    }

    private void ReplaceTable(NetlinkSocket netfilter) => HostPortTable.Replace(
        netfilter,
        Name,
        [.. _pools.Select(pool => pool.Subnet)],
        _leases.Values.SelectMany(lease => lease.Ports.Select(port => (port, lease.Attachment))));

    private void RemoveAll(NetlinkSocket route, NetlinkSocket netfilter)
    {
        HostPortTable.Delete(netfilter, Name);
        _device.Remove(route);
    }

    private void CheckPorts(string sandboxId, IReadOnlyList<PortMapping> ports)
    {
        foreach (var port in ports)
        {
            var other = _leases.FirstOrDefault(item => item.Key != sandboxId && item.Value.Ports.Any(taken => Collide(taken, port)));
            if (other.Key is not null)
            {
                throw new CriException(CriErrorKind.FailedPrecondition, $"host port {port} is taken by sandbox \"{other.Key}\"");
            }
        }
    }

    private static bool Collide(PortMapping one, PortMapping other) =>
        one.Protocol == other.Protocol && one.HostPort == other.HostPort && one.HostIp == other.HostIp;

    /// <summary>The pool of a recorded address; one of a subnet that is not in use any more gets its own.</summary>
    private AddressPool PoolOf(PodAddress item)
    {
        var network = ToNetwork(IPAddress.Parse(item.Gateway), item.PrefixLength);
        var pool = _pools.Find(candidate => candidate.Subnet.Equals(network));
        if (pool is null)
        {
            pool = new AddressPool(network);
            _pools.Add(pool);
        }

        return pool;
    }

    private void ChoosePools()
    {
        var cidrs = _podCidr.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var subnet4 = First(options.Subnet, cidrs.FirstOrDefault(cidr => !cidr.Contains(':')));
        var subnet6 = First(options.Subnet6, cidrs.FirstOrDefault(cidr => cidr.Contains(':')));
        var wanted = new List<IPNetwork> { subnet4.Length > 0 ? IPNetwork.Parse(subnet4) : ChooseFree() };
        if (subnet6.Length > 0 && BridgeDevice.HasIpv6)
        {
            wanted.Add(IPNetwork.Parse(subnet6));
        }

        // A pool that is kept remembers the address it gave last
        _pools = [.. wanted.Select(network => _pools.Find(pool => pool.Subnet.Equals(network)) ?? new AddressPool(network))];
    }

    private static IPNetwork ChooseFree()
    {
        using var route = NetlinkSocket.Open(NETLINK_ROUTE);
        return SubnetChoice.Choose(RtnetlinkRoute.List(route, AddressFamily.InterNetwork));
    }

    private static string First(string configured, string? other) => configured.Length > 0 ? configured : other ?? "";

    private static IPNetwork ToNetwork(IPAddress address, int prefixLength)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = prefixLength; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), prefixLength);
    }
}
