namespace CriShim.CriServer.Configuration;

/// <summary>How pods are connected: by CNI plugins where a CNI configuration exists, else by the built-in bridge.</summary>
public sealed record NetworkOptions
{
    /// <summary>Folder of the CNI configurations; the first valid *.conflist, *.conf or *.json in lexical order is used.</summary>
    public string ConfigFolder { get; init; } = "/etc/cni/net.d";

    /// <summary>Folders searched for CNI plugins, in this order.</summary>
    public IReadOnlyList<string> PluginFolders { get; init; } = ["/opt/cni/bin", "/usr/lib/cni"];

    /// <summary>A CNI plugin that runs longer is killed.</summary>
    public int PluginTimeoutSeconds { get; init; } = 60;

    /// <summary>Whether pods get the built-in bridge while the CNI folder is empty.</summary>
    public bool BuiltInBridge { get; init; } = true;

    /// <summary>Name of the built-in bridge and of its nftables table; 15 characters at most, one server a name.</summary>
    public string BridgeName { get; init; } = "crishim0";

    /// <summary>IPv4 subnet of the built-in bridge, e.g. 10.88.0.0/16; empty: the node's pod CIDR, else one that no route of the machine uses.</summary>
    public string Subnet { get; init; } = "";

    /// <summary>IPv6 subnet of the built-in bridge, e.g. fd00:88::/64; empty: the node's IPv6 pod CIDR, else no IPv6.</summary>
    public string Subnet6 { get; init; } = "";

    /// <summary>MTU of the built-in bridge's interfaces, in bytes; 0: that of the machine's default route.</summary>
    public int Mtu { get; init; }

    /// <summary>Which of a pod's addresses is its primary one: <c>cni</c> (the first reported), <c>ipv4</c> or <c>ipv6</c>.</summary>
    public string IpPreference { get; init; } = "cni";
}
