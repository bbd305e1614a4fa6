namespace CriShim.Linux.Netlink;

/// <summary>A network interface as the kernel reports it.</summary>
/// <param name="Kind">bridge, veth, …; null for a device with hardware behind it.</param>
/// <param name="Alias">Free text that its owner put on it.</param>
public sealed record NetworkLink(int Index, string Name, int MasterIndex, int Mtu, bool Up, string? Kind, string? Alias);

/// <summary>A veth pair: one end here, the other made directly in another network namespace.</summary>
/// <param name="MasterIndex">Bridge that the near end joins.</param>
/// <param name="PeerMac">6 bytes.</param>
/// <param name="PeerNamespaceFd">Open namespace file; must stay open until the batch was executed.</param>
public sealed record VethPair(string Name, int MasterIndex, int Mtu, string PeerName, byte[] PeerMac, int PeerNamespaceFd);
