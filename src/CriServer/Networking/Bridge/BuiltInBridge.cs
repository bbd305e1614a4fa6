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
internal sealed class BuiltInBridge
{
    private readonly NetworkOptions _options;
    private readonly ILogger _log;
    private readonly BridgeDevice _device;
    private readonly RemovalBatches _removals;
    private readonly Dictionary<string, Lease> _leases = [];
    private readonly Lock _gate = new();
    private List<AddressPool> _pools = [];
    private string _podCidr = "";

    /// <param name="owner">The server's root folder; a bridge of another owner is not touched.</param>
    public BuiltInBridge(NetworkOptions options, string owner, ILogger log)
    {
        _options = options;
        _log = log;
        _device = new BridgeDevice(options, owner, log);
        _removals = new RemovalBatches(Remove);
    }

    private sealed record Lease(BridgeAttachment Attachment, IReadOnlyList<PortMapping> Ports)
    {
        /// <summary>From when the pod is being connected: its host ports are in the table.</summary>
        public bool Mapped { get; set; }
    }

    public string Name => _options.BridgeName;

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

            _leases[sandboxId] = new Lease(attachment, ports) { Mapped = true };
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
            bridge = EnsureDevice(route, lease);
        }

        PodLink.Create(route, bridge, lease.Attachment, netnsPath, netlinkInPod);
    }

    /// <summary>Undoes all of <see cref="Connect"/>, as far as it came, and gives the addresses back. The last pod takes the bridge along.</summary>
    public Task DisconnectAsync(string sandboxId) => _removals.RemoveAsync(sandboxId);

    private void Remove(IReadOnlyList<string> sandboxIds)
    {
        using var route = NetlinkSocket.Open(NETLINK_ROUTE);
        using var netfilter = NetlinkSocket.Open(NETLINK_NETFILTER);
        var links = sandboxIds.Select(PodLink.HostInterface).ToList();
        List<Lease> leases;
        lock (_gate)
        {
            if (_device.IsForeign(route))
            {
                // These pods were refused for it: nothing of theirs is on it
                LinkRemoval.Remove(route, links);
                Forget(sandboxIds);
                return;
            }

            leases = [.. sandboxIds.Distinct().Select(id => _leases.GetValueOrDefault(id)).OfType<Lease>()];
            if (leases.Count > 0 && leases.Count == _leases.Count)
            {
                // With the gate held: no pod can be on its way to the bridge
                HostPortTable.Delete(netfilter, Name);
                LinkRemoval.Remove(route, _device.Find(route) is null ? links : [.. links, Name]);
                Forget(sandboxIds);
                return;
            }

            leases.ForEach(lease => HostPortTable.Remove(netfilter, Name, lease.Ports, lease.Attachment));
        }

        LinkRemoval.Remove(route, links);
        lock (_gate)
        {
            Forget(sandboxIds);
        }
    }

    private void Forget(IReadOnlyList<string> sandboxIds)
    {
        foreach (var id in sandboxIds)
        {
            if (_leases.Remove(id, out var lease))
            {
                lease.Attachment.Addresses.ToList().ForEach(item => PoolOf(item).Release(IPAddress.Parse(item.Address)));
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

            var known = _leases.Values.Select(lease => lease.Attachment.HostInterface).ToHashSet();
            var strays = RtnetlinkLink.List(route)
                .Where(link => link.MasterIndex == bridge.Index && !known.Contains(link.Name)).Select(link => link.Name).ToList();
            strays.ForEach(name => NetworkLog.StrayInterface(_log, name, Name));
            if (_leases.Count == 0)
            {
                HostPortTable.Delete(netfilter, Name);
                LinkRemoval.Remove(route, [.. strays, Name]);
                return;
            }

            LinkRemoval.Remove(route, strays);
            ReplaceTable(netfilter);
        }
    }

    /// <summary>The bridge, with the host ports of <paramref name="lease"/> in its table.</summary>
    private NetworkLink EnsureDevice(NetlinkSocket route, Lease lease)
    {
        using var netfilter = NetlinkSocket.Open(NETLINK_NETFILTER);
        if (_device.Find(route) is { } existing)
        {
            if (lease.Ports.Count > 0)
            {
                HostPortTable.Add(netfilter, Name, lease.Ports, lease.Attachment);
            }

            lease.Mapped = true;
            return existing;
        }

        var bridge = _device.Create(route, _pools);
        try
        {
            lease.Mapped = true;
            ReplaceTable(netfilter);
            return bridge;
        }
        catch
        {
            LinkRemoval.Remove(route, [Name]);
            throw;
        }
    }

    private void ReplaceTable(NetlinkSocket netfilter) => HostPortTable.Replace(
        netfilter,
        Name,
        [.. _pools.Select(pool => pool.Subnet)],
        _leases.Values.Where(lease => lease.Mapped).SelectMany(lease => lease.Ports.Select(port => (port, lease.Attachment))));

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
        var subnet4 = First(_options.Subnet, cidrs.FirstOrDefault(cidr => !cidr.Contains(':')));
        var subnet6 = First(_options.Subnet6, cidrs.FirstOrDefault(cidr => cidr.Contains(':')));
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
