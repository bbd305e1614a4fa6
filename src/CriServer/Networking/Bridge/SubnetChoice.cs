using System.Net;
using CriShim.CriServer.Errors;
using CriShim.Linux.Netlink;

namespace CriShim.CriServer.Networking.Bridge;

/// <summary>Finds a private IPv4 subnet that the machine does not use.</summary>
internal static class SubnetChoice
{
    /// <summary>Candidates in order: /16s that neither Docker (172.17), CRI-O (10.85) nor Kubernetes' usual ranges (10.96/12, 10.244) take.</summary>
    public static IEnumerable<IPNetwork> Candidates =>
    [
        .. Enumerable.Range(88, 8).Select(second => new IPNetwork(new IPAddress([10, (byte)second, 0, 0]), 16)),
        .. Enumerable.Range(24, 8).Select(second => new IPNetwork(new IPAddress([172, (byte)second, 0, 0]), 16)),
        .. Enumerable.Range(128, 64).Select(third => new IPNetwork(new IPAddress([192, 168, (byte)third, 0]), 24)),
    ];

    /// <summary>The first candidate that overlaps no route but default ones.</summary>
    public static IPNetwork Choose(IReadOnlyList<NetworkRoute> routes)
    {
        var used = routes.Where(route => route.PrefixLength > 0).Select(route => new IPNetwork(route.Destination, route.PrefixLength)).ToList();
        foreach (var candidate in Candidates)
        {
            if (!used.Any(route => route.Contains(candidate.BaseAddress) || candidate.Contains(route.BaseAddress)))
            {
                return candidate;
            }
        }

        throw new CriException(CriErrorKind.FailedPrecondition, "routes of this machine overlap every subnet the built-in bridge could use: set network.subnet");
    }
}
