using CriShim.E2e.Fixtures;
using CriShim.E2e.Networking;
using CriShim.E2e.Runtime;
using CriShim.Oci.RuntimeSpec;
using CriShim.TestKit;

namespace CriShim.E2e.Cgroups;

/// <summary>net_cls and net_prio of v1, in hierarchies of the tests' own.</summary>
public sealed class NetworkControllerTests : ControlledTests
{
    private const string Controllers = "net_cls,net_prio";

    [NeedsFact(KernelNeed.FreeNetworkControllers)]
    public void Settings_Inside_AreWhatWasSet()
    {
        using var bundle = Bundle(new() { ClassID = 0x10_0001, Priorities = [new() { Name = "lo", Priority = 5 }] });
        var result = OciBundle.RequireSuccess(
            OwnHierarchy.Run(bundle.Bundle, Controllers, "cd /sys/fs/cgroup/own; cat net_cls.classid; grep lo net_prio.ifpriomap"));
        Assert.Equal($"{0x10_0001}\nlo 5\n", result.Output);
    }

    /// <summary>The class is on each packet, for firewalls.</summary>
    [NeedsTheory(KernelNeed.FreeNetworkControllers)]
    [InlineData(0x10_0001U, "dropped")]
    [InlineData(0x10_0002U, "passed")]
    public void ClassId_FirewallForAClass_SeesItsPackets(uint classId, string expected)
    {
        using var network = new TestNamespace();
        var rules = $"add table inet t; add chain inet t out {{ type filter hook output priority 0; }}; add rule inet t out meta cgroup {0x10_0001} drop";
        Command.Output("nsenter", "--net=" + network.Path, "nft", rules);
        using var bundle = Bundle(new() { ClassID = classId }, network.Path);
        var result = OwnHierarchy.Run(bundle.Bundle, Controllers, "ping -c 1 -W 1 127.0.0.1 > /dev/null 2>&1 && echo passed || echo dropped");
        Assert.Equal(expected, OciBundle.RequireSuccess(result).Output.TrimEnd());
    }

    /// <summary>A queueing discipline of the interface takes the priority for the number of a class. The map is of the host's interfaces.</summary>
    [NeedsFact(KernelNeed.FreeNetworkControllers)]
    public void Priority_OfAnInterface_ChoosesTheQueue()
    {
        using var network = new TestNamespace();
        var name = "crp" + Guid.NewGuid().ToString("N")[..8];
        Command.Output("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", Path.GetFileName(network.Path));
        try
        {
            SetUpQueues(name, network);
            using var bundle = Bundle(new() { Priorities = [new() { Name = name, Priority = 0x1_0001 }] });
            bundle.Bundle.Spec = bundle.Bundle.Spec with
            {
                Linux = bundle.Bundle.Spec.Linux! with { Namespaces = [.. bundle.Bundle.Spec.Linux!.Namespaces!.Where(item => item.Type != "network")] },
            };
            OciBundle.RequireSuccess(OwnHierarchy.Run(bundle.Bundle, Controllers, "ping -c 1 -W 5 198.18.251.2"));
            var counted = Command.Output("tc", "-s", "class", "show", "dev", name, "classid", "1:1");
            Assert.True(counted.Contains(" 1 pkt", StringComparison.Ordinal), counted);
        }
        finally
        {
            Command.Output("ip", "link", "del", name);
        }
    }

    private static void SetUpQueues(string name, TestNamespace network)
    {
        Command.Output("ip", "addr", "add", "198.18.251.1/30", "dev", name);
        Command.Output("ip", "link", "set", name, "up");
        Command.Output("ip", "-n", Path.GetFileName(network.Path), "addr", "add", "198.18.251.2/30", "dev", "eth0");
        Command.Output("ip", "-n", Path.GetFileName(network.Path), "link", "set", "eth0", "up");
        Command.Output("tc", "qdisc", "add", "dev", name, "root", "handle", "1:", "htb", "default", "2");
        foreach (var number in (string[])["1:1", "1:2"])
        {
            Command.Output("tc", "class", "add", "dev", name, "parent", "1:", "classid", number, "htb", "rate", "100mbit");
        }
    }

    /// <param name="network">Of its namespace; null: a new one.</param>
    private static ControlledBundle Bundle(NetworkSpec settings, string? network = null)
    {
        var bundle = new ControlledBundle(new ResourcesSpec { Network = settings }, "ping");
        var spec = bundle.Bundle.Spec;
        string[] capabilities = ["CAP_NET_RAW"];
        bundle.Bundle.Spec = spec with
        {
            Process = spec.Process! with { Capabilities = new() { Bounding = capabilities, Effective = capabilities, Permitted = capabilities } },
            Linux = spec.Linux! with
            {
                Namespaces = [.. spec.Linux!.Namespaces!.Select(item => item.Type == "network" ? item with { Path = network } : item)],
            },
        };
        return bundle;
    }
}
