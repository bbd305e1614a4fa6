using System.Net;
using CriShim.Linux;
using CriShim.Linux.Netlink;
using Microsoft.Win32.SafeHandles;
using static CriShim.Linux.LibC.Files;

namespace CriShim.CriServer.Networking.Bridge;

/// <summary>
/// A pod's veth pair. The far end is made directly in the pod's namespace and set up through a socket that was opened there: this
/// process never enters it.
/// </summary>
internal static class PodLink
{
    private const string PodInterface = Cni.CniNetwork.InterfaceName;
    private const int InterfaceIdCharacters = 11;

    /// <summary>Deterministic, so that it can be removed without a record.</summary>
    public static string HostInterface(string sandboxId) => "veth" + sandboxId[..Math.Min(InterfaceIdCharacters, sandboxId.Length)];

    /// <summary>Connects the pod; leaves nothing behind when it throws.</summary>
    public static void Create(NetlinkSocket route, NetworkLink bridge, BridgeAttachment attachment, string netnsPath, SafeFileHandle netlinkInPod)
    {
        var ipv4Only = BridgeDevice.HasIpv6 && attachment.Addresses.Count == 1;
        using (var netns = Fd.Open(netnsPath, O_RDONLY))
        {
            var mac = BridgeDevice.MacOf(IPAddress.Parse(attachment.Addresses[0].Address));
            var pair = new VethPair(
                attachment.HostInterface, bridge.Index, bridge.Mtu, PodInterface, mac, (int)netns.DangerousGetHandle());
            var batch = new NetlinkBatch();
            RtnetlinkLink.CreateVeth(batch, pair);
            if (BridgeDevice.HasIpv6)
            {
                RtnetlinkLink.DisableAddressGeneration(batch, pair.Name);
            }

            RtnetlinkLink.SetHairpin(batch, pair.Name);
            RtnetlinkLink.SetUp(batch, pair.Name);
            route.Execute(batch);
        }

        try
        {
            SetUpPodSide(attachment, netlinkInPod, ipv4Only);
        }
        catch
        {
            LinkRemoval.Remove(route, [attachment.HostInterface]);
            throw;
        }
    }

    private static void SetUpPodSide(BridgeAttachment attachment, SafeFileHandle netlinkInPod, bool ipv4Only)
    {
        using var pod = new NetlinkSocket(netlinkInPod);
        var link = RtnetlinkLink.Find(pod, PodInterface) ?? throw new LinuxException(Errno.ENODEV, "netlink", PodInterface);
        var batch = new NetlinkBatch();
        if (ipv4Only)
        {
            RtnetlinkLink.DisableAddressGeneration(batch, PodInterface);
        }

        RtnetlinkLink.SetUp(batch, PodInterface);
        foreach (var address in attachment.Addresses)
        {
            RtnetlinkAddress.Add(batch, link.Index, IPAddress.Parse(address.Address), address.PrefixLength);
            RtnetlinkRoute.AddDefault(batch, link.Index, IPAddress.Parse(address.Gateway));
        }

        pod.Execute(batch);
    }
}
