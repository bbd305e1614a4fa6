using CriShim.Linux;
using CriShim.Linux.Netlink;
using CriShim.Oci.RuntimeSpec;
using CriShim.Runtime.Contract;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;
using static CriShim.Linux.LibC.Namespaces;
using static CriShim.Linux.LibC.NetlinkSockets;

namespace CriShim.Runtime.Containers;

/// <summary>
/// Moves interfaces of the host into a container's network namespace (config-linux.md, "Network Devices"): with their permanent addresses
/// of global scope, which the kernel drops, and up. Nothing brings them back: a physical one returns when the namespace ends.
/// </summary>
internal static class NetDevices
{
    /// <summary>Throws <see cref="RuntimeException"/> that names the interface.</summary>
    /// <param name="network">The namespace; null: it began with the process.</param>
    public static void Move(IReadOnlyDictionary<string, NetDeviceSpec>? devices, SafeFileHandle? network, int pid)
    {
        if (devices is null or { Count: 0 })
        {
            return;
        }

        using var target = network is null ? Fd.Open($"/proc/{pid}/ns/net", O_RDONLY) : Fd.Duplicate(network);
        using var host = NetlinkSocket.Open(NETLINK_ROUTE);
        using var inside = OpenInside(target);
        foreach (var (name, device) in devices)
        {
            try
            {
                MoveOne(host, inside, target, name, string.IsNullOrEmpty(device.Name) ? name : device.Name);
            }
            catch (LinuxException e)
            {
                throw new RuntimeException(
                    new RuntimeError(RuntimeErrorKind.InvalidArgument, $"failed to move linux.netDevices \"{name}\": {e.Message}", "network", (int)e.Errno, e.Call), e);
            }
        }
    }

    private static void MoveOne(NetlinkSocket host, NetlinkSocket inside, SafeFileHandle target, string name, string newName)
    {
        var link = RtnetlinkLink.Find(host, name) ?? throw new LinuxException(Errno.ENODEV, "find", name);
        var addresses = RtnetlinkAddress.ListPermanent(host, link.Index);
        var before = RtnetlinkLink.List(inside).Select(other => other.Name).ToHashSet(StringComparer.Ordinal);
        var move = new NetlinkBatch();
        RtnetlinkLink.Move(move, link.Index, (int)target.DangerousGetHandle(), newName);
        host.Execute(move);

        // Its index, and with a template its name, may be others now.
        var moved = RtnetlinkLink.List(inside).First(other => !before.Contains(other.Name));
        var set = new NetlinkBatch();
        foreach (var (address, prefixLength) in addresses)
        {
            RtnetlinkAddress.Add(set, moved.Index, address, prefixLength);
        }

        RtnetlinkLink.SetUp(set, moved.Name);
        inside.Execute(set);
    }

    /// <summary>A socket belongs to the namespace that it was made in.</summary>
    private static NetlinkSocket OpenInside(SafeFileHandle target)
    {
        using var own = Fd.Open("/proc/thread-self/ns/net", O_RDONLY);
        Check.Result(setns(target, (int)CLONE_NEWNET), "setns", "the network namespace");
        try
        {
            return NetlinkSocket.Open(NETLINK_ROUTE);
        }
        finally
        {
            Check.Result(setns(own, (int)CLONE_NEWNET), "setns", "the own network namespace");
        }
    }
}
